namespace NotificationBus.Status;

/// <summary>Something that is wrong now and that somebody has to know or to mend.</summary>
public sealed record Problem
{
    /// <summary>Its kind, a name that programs may rely on: <c>circuit-open</c>, <c>queue-without-consumers</c>.</summary>
    public required string Code { get; init; }

    /// <summary>The account, channel, queue or server it is about. Null when there is only one of its kind.</summary>
    public string? Where { get; init; }

    /// <summary>The fault, and what to do about it where that does not go without saying.</summary>
    public required string Detail { get; init; }

    /// <summary>
    /// The time since which it is so. A source that does not know leaves it out: then it is the moment at which this host first saw it.
    /// </summary>
    public DateTimeOffset? Since { get; init; }
}
