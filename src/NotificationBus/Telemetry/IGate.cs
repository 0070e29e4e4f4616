namespace NotificationBus.Telemetry;

/// <summary>A place where work waits until there is room for it.</summary>
public interface IGate
{
    /// <summary>How much of it is taken now, for each of its parts.</summary>
    IEnumerable<GateUse> Uses { get; }
}

/// <summary>How much of a gate is taken.</summary>
/// <param name="Gate">The gate.</param>
/// <param name="Used">The permits that are taken.</param>
/// <param name="Limit">How many there are; null when it has no limit.</param>
/// <param name="Labels">Which of its parts; names out of settings and code alone.</param>
public readonly record struct GateUse(string Gate, long Used, long? Limit, IReadOnlyList<KeyValuePair<string, object?>> Labels)
{
    /// <summary>A gate without parts.</summary>
    public GateUse(string gate, long used, long? limit)
        : this(gate, used, limit, []) { }
}
