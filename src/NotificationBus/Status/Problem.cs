namespace NotificationBus.Status;

/// <summary>Something that is wrong now and that somebody has to know or to mend.</summary>
public sealed record Problem
{
    /// <summary>Its kind, a name that programs may rely on: <c>circuit-open</c>, <c>queue-without-consumers</c>.</summary>
    public required string Code { get; init; }

    /// <summary>What it is about: an account, a channel, a queue, a server. Null when there is only one of its kind.</summary>
    public string? Where { get; init; }

    /// <summary>What is wrong, and what to do about it where that does not go without saying.</summary>
    public required string Detail { get; init; }

    /// <summary>Since when. A source that does not know leaves it out: then it is the moment at which this host first saw it.</summary>
    public DateTimeOffset? Since { get; init; }
}
