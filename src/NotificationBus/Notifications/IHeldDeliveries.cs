using NotificationBus.Contracts;
using NotificationBus.Outgoing;
using NotificationBus.Providers.Controls;

namespace NotificationBus.Notifications;

/// <summary>Deliveries that wait for an operator's decision, by what they have in common, and what was decided about them.</summary>
public interface IHeldDeliveries
{
    /// <summary>Counts the notifications that wait, whatever was decided about them lately. Cheap: it is asked often.</summary>
    Task<long> Count(CancellationToken cancellationToken);

    /// <summary>
    /// Finds the reasons why they are held, the largest groups first. Those about which it was decided in the last few minutes are left
    /// out.
    /// </summary>
    /// <param name="filter">Which of them.</param>
    /// <param name="limit">How many groups at most.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<HeldCauses> Causes(HeldFilter filter, int limit, CancellationToken cancellationToken);

    /// <summary>Those that fit, the oldest first, without those about which it was decided in the last few minutes.</summary>
    Task<IReadOnlyList<HeldDelivery>> Find(HeldFilter filter, int limit, CancellationToken cancellationToken);

    /// <summary>
    /// Writes down decisions and schedules what tells the saga, together: nobody finds one on record that is not followed. About the same
    /// hold it is decided once; the same decision again schedules its message again, should that have been lost, and writes nothing down.
    /// </summary>
    /// <param name="decisions">The decisions, each about another delivery.</param>
    /// <param name="by">Who decides, and why.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>What is on record now, by delivery.</returns>
    Task<IReadOnlyDictionary<Guid, RecordedDecision>> Record(
        IReadOnlyList<HeldDeliveryDecision> decisions,
        ChangedBy by,
        CancellationToken cancellationToken
    );
}

/// <summary>A filter of held deliveries. What is null is no condition.</summary>
public sealed record HeldFilter
{
    /// <summary>The time that a decision is given to be followed. Then it counts as lost, and may be made again.</summary>
    public static TimeSpan UnderWay => TimeSpan.FromMinutes(5);

    /// <summary>The application it belongs to.</summary>
    public string? Application { get; init; }

    /// <summary>The notification's category.</summary>
    public string? Category { get; init; }

    /// <summary>The delivery's channel.</summary>
    public string? Channel { get; init; }

    /// <summary>The account that may have sent it.</summary>
    public string? Provider { get; init; }

    /// <summary>The recipient's id.</summary>
    public string? Recipient { get; init; }

    /// <summary>A part of why it is held, as it is written.</summary>
    public string? Reason { get; init; }

    /// <summary>Notifications that began then or later.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Notifications that began before.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>True leaves out those whose notification was cancelled: they are not sent again.</summary>
    public bool WithoutCancelled { get; init; }
}

/// <summary>A delivery that is held.</summary>
/// <param name="NotificationId">Its notification.</param>
/// <param name="DeliveryId">The delivery.</param>
/// <param name="Category">The notification's category.</param>
/// <param name="Attempts">How many calls had been made when it was held; it tells one hold from the next.</param>
public sealed record HeldDelivery(Guid NotificationId, Guid DeliveryId, string Category, int Attempts);

/// <summary>The reasons why deliveries are held.</summary>
/// <param name="Found">How many deliveries, also of groups that are not listed.</param>
/// <param name="Causes">The groups.</param>
public sealed record HeldCauses(long Found, IReadOnlyList<HeldCause> Causes);

/// <summary>Deliveries that are held for the same reason.</summary>
/// <param name="Channel">The channel.</param>
/// <param name="Provider">The account that may have sent them.</param>
/// <param name="Reason">Why nobody knows.</param>
/// <param name="Count">How many.</param>
public sealed record HeldCause(string Channel, string? Provider, string? Reason, long Count);

/// <summary>A decision about one delivery, and the message that tells the saga.</summary>
public sealed record HeldDeliveryDecision(HeldDelivery Delivery, HeldDecision Decision, OutgoingMessage Message)
{
    /// <summary>The key under which it is on record: one decision for each time that the delivery was held.</summary>
    public string Key => $"{Delivery.DeliveryId}/{Delivery.Attempts}";

    /// <summary>The name that it has among the changes of operators.</summary>
    public string Subject => $"delivery {Delivery.DeliveryId}";

    /// <summary>The entry that is written down there.</summary>
    public NotedDecision Noted => new(Delivery.NotificationId, Decision);
}

/// <summary>A decision among the changes of operators.</summary>
/// <param name="Notification">The notification the delivery belongs to.</param>
/// <param name="Decision">resend, sent or failed.</param>
public sealed record NotedDecision(Guid Notification, HeldDecision Decision);

/// <summary>The decision that was made about a delivery.</summary>
/// <param name="Decision">The decision.</param>
/// <param name="IsNew">False when it was on record before.</param>
public sealed record RecordedDecision(HeldDecision Decision, bool IsNew);
