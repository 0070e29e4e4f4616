namespace NotificationBus.Client;

/// <summary>Settings of the client, section <c>NotificationBus</c>.</summary>
public sealed class NotificationBusClientOptions
{
    /// <summary>The section of the configuration.</summary>
    public const string Section = "NotificationBus";

    /// <summary>
    /// The address of the API, such as <c>https://notifications.internal</c>. A path of it is kept. Not needed by whoever only publishes
    /// over the bus.
    /// </summary>
    public Uri? Url { get; set; }

    /// <summary>The key, sent as a bearer token; without it calls go out without one.</summary>
    public string? ApiKey { get; set; }

    /// <summary>
    /// How long a call, with what is tried again, may take. Default 30 s, from 1 s to 10 min. Beneath it each try has 10 s.
    /// </summary>
    public TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(30);
}
