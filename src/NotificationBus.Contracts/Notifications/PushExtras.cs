namespace NotificationBus.Contracts;

/// <summary>What a push message carries besides its text, whether templates or the request say that.</summary>
public sealed record PushExtras
{
    /// <summary>
    /// The place that opens, of the form <c>scheme://…</c>: an https URL, or one of the app's own scheme. At most 2,048 characters.
    /// </summary>
    public string? DeepLink { get; init; }

    /// <summary>The https URL of a picture, which the device fetches. At most 2,048 characters.</summary>
    public string? Image { get; init; }

    /// <summary>
    /// Values for the app, at most 50. A name is 1 to 50 letters of ASCII, digits, <c>-</c>, <c>_</c> or <c>.</c>, and begins with a
    /// letter; those that vendors or we use are refused, such as <c>from</c> and <c>category</c>. With the text, all of it must fit into
    /// what the vendor takes: 4,096 octets, and 2,700 for browsers.
    /// </summary>
    public IReadOnlyDictionary<string, string>? Data { get; init; }
}
