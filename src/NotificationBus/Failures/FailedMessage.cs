namespace NotificationBus.Failures;

/// <summary>The kind of failure for which a message was set aside.</summary>
public enum FailureKind
{
    /// <summary>It is not what the bus understands: no JSON, no envelope, a field of another type.</summary>
    CannotBeRead,

    /// <summary>It can be read, and nothing on its queue takes messages of its type.</summary>
    NobodyTakesIt,

    /// <summary>Whoever took it failed, each time it was tried.</summary>
    Failed,

    /// <summary>The broker gave it up.</summary>
    DeadLettered,
}

/// <summary>The state of a message that was set aside.</summary>
public enum FailedMessageState
{
    /// <summary>It waits for somebody to decide.</summary>
    Failed,

    /// <summary>It was put back into its queue, and has not come back.</summary>
    Replayed,

    /// <summary>Somebody looked at it and wants to see it no more.</summary>
    Archived,
}

/// <summary>One failure of one message, as it is to be recorded.</summary>
public sealed record Failure
{
    /// <summary>The message: the same whenever the same message fails on the same queue.</summary>
    public required Guid Id { get; init; }

    /// <summary>This failure. The report of one failure may come twice; it counts once.</summary>
    public required Guid FailureId { get; init; }

    /// <summary>
    /// The record of the message, when what failed says that it is a replay. Believed only when queue and body are those of the record.
    /// </summary>
    public Guid? ReplayOf { get; init; }

    /// <summary>The queue it failed on.</summary>
    public required string Queue { get; init; }

    /// <summary>The destination of a replay; null when the queue is none of ours, or the body is not kept whole.</summary>
    public string? Destination { get; init; }

    /// <summary>The explanation of the failure.</summary>
    public required FailureExplanation Explanation { get; init; }

    /// <summary>The message's own id, as its producer wrote it; null when it has none.</summary>
    public string? MessageId { get; init; }

    /// <summary>Its types, when they can be read.</summary>
    public IReadOnlyList<string> MessageTypes { get; init; } = [];

    /// <summary>Its content type; null when it has none, or one that is malformed.</summary>
    public string? ContentType { get; init; }

    /// <summary>The producer's headers as a JSON object.</summary>
    public string Headers { get; init; } = "{}";

    /// <summary>The event it should have been, when it should have begun a notification.</summary>
    public string? EventName { get; init; }

    /// <summary>
    /// The body, byte for byte but for what a command says, which the record has; only its beginning when <see cref="BodyLength"/> is
    /// given.
    /// </summary>
    public required byte[] Body { get; init; }

    /// <summary>The length of the body in bytes, when it is not kept whole; then there is no <see cref="Destination"/>.</summary>
    public long? BodyLength { get; init; }
}

/// <summary>One line of a list of failed messages.</summary>
public sealed record FailedMessageSummary
{
    /// <summary>The record.</summary>
    public required Guid Id { get; init; }

    /// <summary>The state it is in.</summary>
    public required FailedMessageState State { get; init; }

    /// <summary>The kind of failure.</summary>
    public required FailureKind Kind { get; init; }

    /// <summary>The same for messages that failed in the same way on the same queue.</summary>
    public required string Cause { get; init; }

    /// <summary>The reason of the failure, for a person to read.</summary>
    public required string Reason { get; init; }

    /// <summary>The exception's type, for whoever looks into the source.</summary>
    public string? ExceptionType { get; init; }

    /// <summary>The queue it failed on.</summary>
    public required string Queue { get; init; }

    /// <summary>False when the queue is none of ours, so that there is nowhere to put it back, or the body is not kept whole.</summary>
    public required bool CanBeReplayed { get; init; }

    /// <summary>The message's own id.</summary>
    public string? MessageId { get; init; }

    /// <summary>Its types, when they could be read.</summary>
    public required IReadOnlyList<string> MessageTypes { get; init; }

    /// <summary>Its content type.</summary>
    public string? ContentType { get; init; }

    /// <summary>The length of the body in bytes, as it came.</summary>
    public required long BodyLength { get; init; }

    /// <summary>The length of the part of the body that is kept, from its beginning; null when it is whole.</summary>
    public long? BodyKept { get; init; }

    /// <summary>The time at which it failed for the first time.</summary>
    public required DateTimeOffset FirstFailedAt { get; init; }

    /// <summary>The time at which it failed last.</summary>
    public required DateTimeOffset FailedAt { get; init; }

    /// <summary>The number of times it was set aside. Retries before that are not counted.</summary>
    public required int Times { get; init; }

    /// <summary>The time at which it was put back last.</summary>
    public DateTimeOffset? ReplayedAt { get; init; }

    /// <summary>The operator who put it back.</summary>
    public string? ReplayedBy { get; init; }

    /// <summary>The failed message that was put back with this body in the place of its own; null when nobody has edited it.</summary>
    public Guid? EditOf { get; init; }
}

/// <summary>A failed message with everything that came with it.</summary>
/// <param name="Summary">What is known of it.</param>
/// <param name="Headers">The producer's headers as a JSON object.</param>
/// <param name="Body">The body, byte for byte, as far as it is kept.</param>
public sealed record FailedMessage(FailedMessageSummary Summary, string Headers, byte[] Body)
{
    /// <summary>The edited bodies it was replayed with, the first one first.</summary>
    public IReadOnlyList<FailedMessageEdit> Edits { get; init; } = [];
}

/// <summary>Messages that wait for a decision and failed in the same way.</summary>
/// <param name="Cause">Names the group.</param>
/// <param name="Kind">What is wrong with them.</param>
/// <param name="Queue">The queue they failed on.</param>
/// <param name="Reason">Why the last of them failed.</param>
/// <param name="Count">How many they are.</param>
/// <param name="FirstFailedAt">When the first of them failed for the first time.</param>
/// <param name="LastFailedAt">When one of them failed last.</param>
public sealed record FailureCause(
    string Cause,
    FailureKind Kind,
    string Queue,
    string Reason,
    long Count,
    DateTimeOffset FirstFailedAt,
    DateTimeOffset LastFailedAt
);
