using System.Net;
using System.Text.Json;
using NotificationBus.Tests.Channels.Http;

namespace NotificationBus.Tests.Host;

/// <summary>
/// The embedded host, whose mail goes out through two services over HTTP: <c>gateway</c>, and <c>backup</c> after it. Each answers as
/// the test says, and is the witness of what it was asked.
/// </summary>
public sealed class HostWithServices : IAsyncLifetime
{
    RunningHost? _host;

    internal ScriptedHttpServer Gateway { get; } = new();

    internal ScriptedHttpServer Backup { get; } = new();

    public RunningHost Host => _host!;

    /// <summary>As on the command line, beside those of the services.</summary>
    public IReadOnlyList<string> Settings { get; init; } = [];

    public async ValueTask InitializeAsync()
    {
        _host = new RunningHost
        {
            Settings =
            [
                "--Channels:email:Providers=gateway,backup",
                "--Providers:gateway:Type=http",
                $"--Providers:gateway:Url={Gateway.Url}",
                "--Providers:backup:Type=http",
                $"--Providers:backup:Url={Backup.Url}",
                "--EventTypes:order-placed:Channels=email",
                "--EventTypes:order-placed:OnInDoubt=Hold",
                .. Settings,
            ],
        };
        await _host.InitializeAsync();
        Gateway.Answers("200 OK");
        Backup.Answers("200 OK");
    }

    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
            await _host.DisposeAsync();
        await Gateway.DisposeAsync();
        await Backup.DisposeAsync();
    }

    /// <summary>Has an order placed at a seller with this mailbox.</summary>
    /// <returns>Where its notification is.</returns>
    public async Task<string> PlaceOrder(string mailbox)
    {
        var accepted = await Host.Post("/v1/events/order-placed", Occurrence.With("order-placed", "seller.email", mailbox));
        accepted.Status.ShouldBe(HttpStatusCode.Accepted, accepted.Body);
        return accepted.Self;
    }

    /// <summary>Sets something for an account, and waits until the host has heard of it.</summary>
    public async Task SetProvider(string account, string setting)
    {
        var after = await Set($"/v1/providers/{account}", setting);
        await Host.Until(
            "/v1/providers",
            all =>
            {
                var shown = All(all, "providers").Single(one => Text(one, "account") == account);
                return Text(shown, "switch") == Text(after, "switch")
                    && Text(shown, "pin") == Text(after, "pin")
                    && Raw(shown, "weight") == Raw(after, "weight")
                    && Raw(shown, "perSecond") == Raw(after, "perSecond");
            }
        );
    }

    /// <summary>Sets something for the channel of mail, and waits until the host has heard of it.</summary>
    public async Task SetEmail(string setting)
    {
        var after = await Set("/v1/channels/email", setting);
        var order = Raw(after, "order") ?? """["gateway","backup"]""";
        await Host.Until(
            "/v1/channels",
            all =>
            {
                var shown = All(all, "channels").Single(one => Text(one, "channel") == "email");
                return shown.GetProperty("paused").GetBoolean() == after.GetProperty("paused").GetBoolean()
                    && $"{shown.GetProperty("providers")}" == order;
            }
        );
    }

    /// <summary>How often a service was asked to send to this mailbox.</summary>
    internal static int CallsFor(string mailbox, ScriptedHttpServer service) =>
        service.Requests.Count(request => request.Body.Contains($"\"{mailbox}\"", StringComparison.Ordinal));

    internal static IEnumerable<JsonElement> All(JsonElement answer, string property) => answer.GetProperty(property).EnumerateArray();

    /// <summary>The text of a property; null when it is not there.</summary>
    internal static string? Text(JsonElement element, string property) =>
        element.TryGetProperty(property, out var value) ? value.GetString() : null;

    static string? Raw(JsonElement element, string property) => element.TryGetProperty(property, out var value) ? value.GetRawText() : null;

    internal static JsonElement Delivery(JsonElement notification) => All(notification, "deliveries").ShouldHaveSingleItem();

    async Task<JsonElement> Set(string path, string setting)
    {
        var answer = await Host.Put(path, By(setting));
        answer.Status.ShouldBe(HttpStatusCode.OK, answer.Body);
        return answer.Json;
    }

    /// <summary>The same with who says so, and why.</summary>
    static string By(string setting) =>
        setting.Replace(
            "{",
            setting is "{}" ? """{"by":"ann","why":"they are down" """ : """{"by":"ann","why":"they are down",""",
            StringComparison.Ordinal
        );
}
