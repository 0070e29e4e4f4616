namespace NotificationBus.Model;

/// <summary>Words of the producer's that are given back with what is told of a notification.</summary>
public static class Metadata
{
    /// <summary>The most that a notification has.</summary>
    public const int Most = 20;

    /// <summary>None, as null: so it is left out wherever it would stand.</summary>
    public static IReadOnlyDictionary<string, string>? OrNull(IReadOnlyDictionary<string, string> metadata) =>
        metadata.Count > 0 ? metadata : null;
}
