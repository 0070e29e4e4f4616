namespace NotificationBus.Outgoing;

/// <summary>
/// Messages to be published later: deliveries that are put off, replays, and the messages that steps of the saga schedule, stored by
/// <see cref="Notifications.INotificationStore"/> together with the step. A message stays until the broker has confirmed it.
/// </summary>
public interface IOutgoingMessages
{
    /// <summary>The deliveries of a notification whose commands are put off.</summary>
    Task<IReadOnlyList<WaitingDelivery>> WaitingOf(Guid notificationId, CancellationToken cancellationToken);

    /// <summary>Keeps messages until they are due. One that is kept already stays as it is.</summary>
    Task Schedule(IReadOnlyList<OutgoingMessage> messages, CancellationToken cancellationToken);

    /// <summary>Keeps a message until it is due, in the place of the one that is kept under its token.</summary>
    Task Reschedule(OutgoingMessage message, CancellationToken cancellationToken);

    /// <summary>Forgets a scheduled message, if it was not published yet.</summary>
    Task Cancel(Guid token, CancellationToken cancellationToken);

    /// <summary>
    /// Makes everything due that waits for something: now what goes out in a second or so anyway, and more than that spread over a while
    /// (<see cref="Releases.SpreadOf"/>), also what would have come by itself before: who is back is not met by all at once. None comes
    /// later than it would have and <see cref="OutgoingMessage.AtTheLatest"/>.
    /// </summary>
    /// <param name="waitsFor">What it waited for: <see cref="OutgoingMessage.WaitsFor"/>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>How many messages that were.</returns>
    Task<int> Release(string waitsFor, CancellationToken cancellationToken);

    /// <summary>
    /// Messages that are due, the longest due first. One that was handed out is handed out again, here or on another host, when
    /// <paramref name="lease"/> has passed and it is still there.
    /// </summary>
    Task<IReadOnlyList<OutgoingMessage>> TakeDue(TimeSpan lease, int limit, CancellationToken cancellationToken);

    /// <summary>
    /// Completes when something may be due: when the next message is, when one was scheduled, or after <paramref name="atMost"/>.
    /// </summary>
    Task WaitForDue(TimeSpan atMost, CancellationToken cancellationToken);

    /// <summary>
    /// Forgets messages the broker has confirmed. May do so later: a message that is published a second time for that reason
    /// carries the same id. One that was rescheduled meanwhile stays.
    /// </summary>
    ValueTask Published(IReadOnlyCollection<OutgoingMessage> messages);
}
