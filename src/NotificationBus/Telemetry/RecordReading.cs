namespace NotificationBus.Telemetry;

/// <summary>What the gauges show of the record, as it was read last. One host reads it for all.</summary>
public sealed record RecordReading
{
    /// <summary>When it was read.</summary>
    public required DateTimeOffset TakenAt { get; init; }

    /// <summary>The number of notifications that were accepted and are not on record, though they should be.</summary>
    public long Unreconciled { get; init; }

    /// <summary>The number of notifications that wait for an operator's decision.</summary>
    public long Held { get; init; }

    /// <summary>Since when the oldest unfinished notification waits, by what it waits for.</summary>
    public IReadOnlyList<OldestNotification> Notifications { get; init; } = [];

    /// <summary>The deliveries that were put off.</summary>
    public IReadOnlyList<WaitingDeliveries> Deliveries { get; init; } = [];

    /// <summary>The failed messages that wait for a decision.</summary>
    public IReadOnlyList<FailedMessageCount> FailedMessages { get; init; } = [];

    /// <summary>The number of scheduled messages that are due and not published yet.</summary>
    public long Due { get; init; }

    /// <summary>When the first of them was due; null when none is.</summary>
    public DateTimeOffset? DueSince { get; init; }
}

/// <summary>The oldest notification that waits for something.</summary>
/// <param name="WaitingFor">One of <see cref="WaitingReason"/>.</param>
/// <param name="Since">When it was accepted.</param>
public sealed record OldestNotification(string WaitingFor, DateTimeOffset Since);

/// <summary>Deliveries of one channel that were put off for the same reason.</summary>
/// <param name="Channel">The channel.</param>
/// <param name="WaitingFor">One of <see cref="WaitingReason"/>.</param>
/// <param name="Count">How many.</param>
/// <param name="Since">When the notification of the oldest was accepted.</param>
public sealed record WaitingDeliveries(string Channel, string WaitingFor, long Count, DateTimeOffset Since);

/// <summary>Failed messages of one kind.</summary>
/// <param name="Kind">The kind, as a label.</param>
/// <param name="Count">How many.</param>
/// <param name="Since">When the first of them failed first.</param>
public sealed record FailedMessageCount(string Kind, long Count, DateTimeOffset Since);

/// <summary>The words for what a notification waits for.</summary>
public static class WaitingReason
{
    /// <summary>The saga has not taken its event yet.</summary>
    public const string Intake = "intake";

    /// <summary>A command or a result of it is in a queue, or in somebody's hands.</summary>
    public const string Queue = "queue";

    /// <summary>A paused channel.</summary>
    public const string Pause = "pause";

    /// <summary>A provider that is not called now.</summary>
    public const string Provider = "provider";

    /// <summary>A turn at a provider whose rate is limited.</summary>
    public const string Rate = "rate";

    /// <summary>The time of its next try.</summary>
    public const string Time = "time";

    /// <summary>A timer of its plan.</summary>
    public const string Schedule = "schedule";

    /// <summary>An operator's decision.</summary>
    public const string Decision = "decision";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [Intake, Queue, Pause, Provider, Rate, Time, Schedule, Decision];
}
