using NotificationBus.Host.OpenApi;

namespace NotificationBus.Host.Http;

/// <summary><c>GET /</c>: where to go from here. A browser is led to a page.</summary>
static class EntryApi
{
    static readonly EntryPoints Entries = new()
    {
        Notifications = "/v1/notifications",
        Events = "/v1/events/{name}",
        Providers = "/v1/providers",
        Channels = "/v1/channels",
        Changes = "/v1/changes",
        Suppressions = "/v1/suppressions",
        Repairs = "/v1/repairs",
        FailedMessages = "/v1/failed-messages",
        Keys = "/v1/keys",
        Status = "/v1/status",
        Health = "/health/ready",
        Description = "/openapi/v1.json",
        Docs = "/docs",
    };

    /// <summary>Leads a browser to the first page there is, and names what there is to everybody else.</summary>
    /// <param name="routes">The routes.</param>
    /// <param name="page">The console, or the inbox; null when there is no page.</param>
    public static void MapEntry(this IEndpointRouteBuilder routes, string? page) =>
        routes
            .MapRead("/", (HttpRequest request) => page is not null && IsBrowser(request) ? Results.Redirect(page) : Results.Ok(Entries))
            .Describe("getEntryPoints", "Status", "Returns where to go from here; leads a browser to the console.")
            .Answers<EntryPoints>()
            .Produces(StatusCodes.Status302Found)
            .Refuses();

    static bool IsBrowser(HttpRequest request) =>
        request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);
}

/// <summary>Entry points of the API.</summary>
public sealed record EntryPoints
{
    /// <summary>Notifications: ask for one, and ask about them.</summary>
    public required string Notifications { get; init; }

    /// <summary>Events of services without a bus.</summary>
    public required string Events { get; init; }

    /// <summary>Provider accounts and what is set for them.</summary>
    public required string Providers { get; init; }

    /// <summary>Channels and what is set for them.</summary>
    public required string Channels { get; init; }

    /// <summary>Changes that operators have made.</summary>
    public required string Changes { get; init; }

    /// <summary>Addresses that are not used.</summary>
    public required string Suppressions { get; init; }

    /// <summary>The repairs.</summary>
    public required string Repairs { get; init; }

    /// <summary>Messages that were set aside.</summary>
    public required string FailedMessages { get; init; }

    /// <summary>Keys of those who call.</summary>
    public required string Keys { get; init; }

    /// <summary>Problems there are now, and since when.</summary>
    public required string Status { get; init; }

    /// <summary>The readiness of the host.</summary>
    public required string Health { get; init; }

    /// <summary>The description of all this (OpenAPI 3.1).</summary>
    public required string Description { get; init; }

    /// <summary>The same as a page, to read and to try it.</summary>
    public required string Docs { get; init; }
}
