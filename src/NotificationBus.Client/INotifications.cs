namespace NotificationBus.Client;

/// <summary>Tells recipients something.</summary>
public interface INotifications
{
    /// <summary>
    /// Publishes an event, such as <see cref="Contracts.OrderPlaced"/>, or <see cref="Contracts.NotificationRequested"/>, which needs no
    /// event type of its own. Completes when NotificationBus, or the broker on its behalf, has it for good.
    /// </summary>
    /// <remarks>
    /// What fails in passing is tried again under the same id, as long as <see cref="NotificationBusClientOptions.Patience"/> says, and
    /// stays one notification. That holds within one call. Give the event an <c>EventId</c> of yours, made of what happened
    /// (<c>order-placed-4711</c>), and it holds for calls that your service repeats as well, after a crash for instance.
    /// </remarks>
    /// <typeparam name="TEvent">The type of the event. Its name decides what it is.</typeparam>
    /// <param name="happened">The event.</param>
    /// <param name="cancellationToken">Gives up. The event may have been taken.</param>
    /// <returns>The notifications it began. Over the bus they are not known yet, and there are none.</returns>
    /// <exception cref="NotificationRefusedException">It is wrong as it is; sending it again will not help.</exception>
    /// <exception cref="NotificationNotAcceptedException">Nobody took it in time. Send it again under the same <c>EventId</c>.</exception>
    Task<IReadOnlyList<SentNotification>> Send<TEvent>(TEvent happened, CancellationToken cancellationToken = default)
        where TEvent : class;

    /// <summary>
    /// Sends many, in calls of some hundred, and tells of each what became of it: one that is wrong fails alone. What has no <c>EventId</c>
    /// gets one: the key, a colon and a number. So the same list in the same order, under the same key, sends what was not taken before,
    /// and nothing twice, also after a crash.
    /// </summary>
    /// <typeparam name="TEvent">The type of the events. Its name decides what they are.</typeparam>
    /// <param name="happened">The events, or requests.</param>
    /// <param name="key">The name of the whole, of your making, 1 to 200 characters, such as <c>hours-2026</c>.</param>
    /// <param name="progress">Told of each as soon as it is known; null for nobody.</param>
    /// <param name="cancellationToken">Gives up. Some may have been taken.</param>
    /// <returns>What became of each, in order.</returns>
    /// <exception cref="NotificationRefusedException">The whole is wrong: the key may not send, or no such event is known.</exception>
    /// <exception cref="NotificationNotAcceptedException">
    /// Nobody took some in time. Send the same list again under the same key.
    /// </exception>
    Task<IReadOnlyList<SentItem>> SendMany<TEvent>(
        IEnumerable<TEvent> happened,
        string key,
        IProgress<SentItem>? progress = null,
        CancellationToken cancellationToken = default
    )
        where TEvent : class;

    /// <summary>Ends a notification that is not sent yet. Doing it again is harmless.</summary>
    /// <param name="notificationId">The notification.</param>
    /// <param name="by">The person or service that wants it.</param>
    /// <param name="why">The reason, for a person to read.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>What came of it. Over the bus that is not known yet.</returns>
    /// <exception cref="NotificationRefusedException">It is wrong as it is.</exception>
    /// <exception cref="NotificationNotAcceptedException">Nobody took it in time. Ask again.</exception>
    Task<Cancellation> Cancel(Guid notificationId, string by, string why, CancellationToken cancellationToken = default);

    /// <summary>
    /// Sends none of the notifications that have a business key, whether they have begun or not: what they say is settled. Doing it again
    /// is harmless. Of events that always do so, such as <see cref="Contracts.OrderPaid"/>, <see cref="Send{TEvent}"/> is enough.
    /// </summary>
    /// <param name="withdrawal">The key, the categories, who wants it and why.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>What became of their deliveries. Over the bus that is not known yet, and null.</returns>
    /// <exception cref="NotificationRefusedException">It is wrong as it is. Over the bus that shows later: it is set aside.</exception>
    /// <exception cref="NotificationNotAcceptedException">Nobody took it in time. Withdraw again.</exception>
    Task<Withdrawal?> Withdraw(Contracts.WithdrawNotifications withdrawal, CancellationToken cancellationToken = default);
}

/// <summary>A notification that an event began.</summary>
/// <param name="Id">Its id, for <see cref="INotificationReader.Find"/>.</param>
/// <param name="Status">How it stands, such as <c>accepted</c>; of a repeated event that has ended, how it ended.</param>
public sealed record SentNotification(Guid Id, string Status)
{
    /// <summary>The time at which it is sent; null for at once.</summary>
    public DateTimeOffset? SendAt { get; init; }

    /// <summary>What the caller should know, such as that the time to send it was past; null when there is nothing.</summary>
    public string? Note { get; init; }
}

/// <summary>What became of one of many.</summary>
/// <param name="Index">Its place in the list, from 0.</param>
/// <param name="EventId">The id under which it is known: its own, or the one that it was given.</param>
public sealed record SentItem(int Index, string EventId)
{
    /// <summary>The notification it began; null over the bus, of one that was refused, and of an event that withdraws.</summary>
    public SentNotification? Notification { get; init; }

    /// <summary>Why it was refused; null when it was taken.</summary>
    public NotificationRefusedException? Refusal { get; init; }

    /// <summary>True when it was taken, now or before.</summary>
    public bool IsAccepted => Refusal is null;
}

/// <summary>What came of a cancellation.</summary>
public enum Cancellation
{
    /// <summary>That is not known yet: the notification tells (<see cref="INotificationReader.Find"/>).</summary>
    Asked,

    /// <summary>It is cancelled, now or before.</summary>
    Cancelled,

    /// <summary>It had ended otherwise.</summary>
    TooLate,
}

/// <summary>What became of the deliveries that were withdrawn. Each is counted once, unless it has failed or was not needed.</summary>
/// <param name="Withdrawn">No provider has them, and none will get them.</param>
/// <param name="Sent">A provider had taken them.</param>
/// <param name="InDoubt">A provider is being called for them, or may have them. They are not sent again.</param>
/// <param name="IsComplete">False when there are more notifications than one call looks at: withdraw over the bus.</param>
/// <param name="Before">Also those that begin before then are withdrawn.</param>
public sealed record Withdrawal(long Withdrawn, long Sent, long InDoubt, bool IsComplete, DateTimeOffset Before);
