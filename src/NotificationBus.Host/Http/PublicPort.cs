using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace NotificationBus.Host.Http;

/// <summary>Keeps <c>PublicUrls</c> to what is for the world. What is not marked so is not there, whatever its path looks like.</summary>
static class PublicPort
{
    const string Default = "http://localhost:8080";

    /// <summary>Marks an address that is for the world: it checks for itself who calls.</summary>
    public static TBuilder ForTheWorld<TBuilder>(this TBuilder endpoint)
        where TBuilder : IEndpointConventionBuilder => endpoint.WithMetadata(Mark.Instance);

    /// <summary>True when what a path leads to is for the world.</summary>
    public static bool IsForTheWorld(this HttpContext context) => context.GetEndpoint()?.IsForTheWorld() == true;

    /// <summary>True when an address is for the world.</summary>
    public static bool IsForTheWorld(this Endpoint endpoint) => endpoint.Metadata.GetMetadata<Mark>() is not null;

    /// <summary>The addresses of a setting.</summary>
    public static string[] Split(string? urls) =>
        (urls ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>The ports of addresses.</summary>
    public static IReadOnlySet<int> Ports(IEnumerable<string> urls) => urls.Select(url => BindingAddress.Parse(url).Port).ToHashSet();

    /// <summary>
    /// Finds the addresses at which everything is served: <c>Urls</c>, else the ports that images name in the environment, else port 8080
    /// of this machine.
    /// </summary>
    public static string[] InsideUrls(IConfiguration configuration)
    {
        if (Split(configuration["Urls"]) is { Length: > 0 } urls)
            return urls;

        string[] ports = [.. Ports("http"), .. Ports("https")];
        return ports.Length > 0 ? ports : [Default];

        IEnumerable<string> Ports(string scheme) => Split(configuration[$"{scheme}_Ports"]).Select(port => $"{scheme}://*:{port}");
    }

    /// <summary>
    /// Answers 404 to whatever comes through another port than those of <paramref name="inside"/> and is not for the world. Needs the
    /// route.
    /// </summary>
    public static void UsePublicPort(this WebApplication app, IReadOnlyCollection<string> inside)
    {
        // The server names what it listens on in the order in which it was told to; before that, nobody calls.
        var ports = new Lazy<HashSet<int>>(() =>
            [
                .. app
                    .Services.GetRequiredService<IServer>()
                    .Features.Get<IServerAddressesFeature>()!
                    .Addresses.Take(inside.Count)
                    .Select(url => BindingAddress.Parse(url).Port),
            ]
        );

        app.Use(
            (context, next) =>
                ports.Value.Contains(context.Connection.LocalPort) || context.IsForTheWorld()
                    ? next(context)
                    : Problems.NothingForTheWorld().ExecuteAsync(context)
        );
    }

    sealed class Mark
    {
        public static Mark Instance { get; } = new();
    }
}
