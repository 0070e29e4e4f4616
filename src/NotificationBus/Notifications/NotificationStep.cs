using NotificationBus.Contents;
using NotificationBus.Model;
using NotificationBus.Outgoing;
using NotificationBus.Subscriptions;

namespace NotificationBus.Notifications;

/// <summary>
/// One step of one notification: the state after it, the message that caused it, and what it schedules. Stored in one statement.
/// </summary>
/// <param name="Notification">The state after the step. Its version is the one it was loaded with; 0 for a new row.</param>
/// <param name="InputId">The message that caused the step.</param>
/// <param name="Scheduled">What is to be published later because of it.</param>
public sealed record NotificationStep(NotificationState Notification, Guid InputId, IReadOnlyList<OutgoingMessage> Scheduled)
{
    // A notification takes its event, a result for each delivery, and repetitions of these. What is older is caught by the
    // state machine, which ignores what it has settled.
    const int RememberedInputs = 32;

    /// <summary>Other inputs that were taken in the same step.</summary>
    public IReadOnlyList<Guid> OtherInputs { get; init; } = [];

    /// <summary>The contents of the plan, when this is the step that has planned it.</summary>
    public PackedContents? Contents { get; init; }

    /// <summary>
    /// The reason why the notification that begins is withdrawn (<see cref="IWithdrawals"/>); null when it is not. When whoever makes the
    /// step does not know of it, the store says it here, and stores nothing.
    /// </summary>
    public string? Withdrawal { get; set; }

    /// <summary>Tokens of scheduled messages that are no longer wanted.</summary>
    public IReadOnlyList<Guid> Cancelled { get; init; } = [];

    /// <summary>
    /// The notification has ended while commands of it may still be put off: nothing that is scheduled for it is wanted any more. Only
    /// an escalation goes on while an earlier step is still being tried, and what was cancelled may have been put off.
    /// </summary>
    public bool CallsOff =>
        Notification.CompletedAt is not null
        && (Notification.EscalateAfter is not null || Notification.Deliveries.Any(delivery => delivery.Cancellation is not null));

    /// <summary>The notification had ended and goes on: the sweep, which has passed it, must look at it again.</summary>
    public bool Reopens { get; init; }

    /// <summary>The step for whoever asks later; null when it went straight, and follows from the notification.</summary>
    public KeptStep? Kept { get; init; }

    /// <summary>What subscribers are told of the step.</summary>
    public IReadOnlyList<HeardEvent> Heard { get; init; } = [];

    /// <summary>The time until the sweep looks at it again. A step that goes on takes seconds.</summary>
    public static readonly TimeSpan LookAgainAfter = TimeSpan.FromMinutes(10);

    /// <summary>
    /// The row as it is to be written: the next version, with the inputs among those taken. Whoever loses the race drops it.
    /// </summary>
    public NotificationState After()
    {
        Notification.Version++;
        Notification.ProcessedMessageIds =
        [
            .. Notification.ProcessedMessageIds.TakeLast(RememberedInputs - 1 - OtherInputs.Count),
            InputId,
            .. OtherInputs,
        ];
        return Notification;
    }
}
