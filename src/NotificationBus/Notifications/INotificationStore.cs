using NotificationBus.Model;

namespace NotificationBus.Notifications;

/// <summary>
/// The record of the notifications. Each method takes what it needs at once: this is the seam where concurrent calls are gathered
/// into one round trip.
/// </summary>
public interface INotificationStore
{
    /// <summary>The notification, or null.</summary>
    Task<NotificationState?> Load(Guid notificationId, CancellationToken cancellationToken);

    /// <summary>
    /// Stores the first step of a notification together with what it schedules. False when the notification exists already, or when it is
    /// withdrawn and the step does not know (<see cref="NotificationStep.Withdrawal"/>); then nothing is stored.
    /// </summary>
    Task<bool> Insert(NotificationStep step, CancellationToken cancellationToken);

    /// <summary>
    /// Stores a later step together with what it schedules. False when somebody else wrote the row since it was loaded; then nothing is
    /// stored.
    /// </summary>
    Task<bool> Update(NotificationStep step, CancellationToken cancellationToken);

    /// <summary>
    /// Completes when all that could be read before would survive the loss of the server that said so: what was committed may not be on its
    /// standby yet. Whoever acknowledges a message because of what he has read, and has written nothing himself, asks first.
    /// </summary>
    Task Confirm(CancellationToken cancellationToken);
}
