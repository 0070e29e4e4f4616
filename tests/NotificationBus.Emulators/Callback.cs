namespace NotificationBus.Emulators;

/// <summary>What a vendor posts.</summary>
/// <param name="Url">Where; a vendor may add to its query.</param>
/// <param name="Body">The body.</param>
/// <param name="Headers">Its header fields, with the proof that it is the vendor's.</param>
sealed record Callback(Uri Url, string Body, params IReadOnlyList<(string Name, string Value)> Headers)
{
    /// <summary>What the body is.</summary>
    public string ContentType { get; init; } = "application/json";
}
