using System.Text;

namespace NotificationBus.Subscriptions;

/// <summary>An event on its way to a subscriber.</summary>
public sealed record WebhookDelivery
{
    /// <summary>How many tries are kept of each, the last ones.</summary>
    public const int MostKeptTries = 12;

    /// <summary>Its id, the same on every try (<c>webhook-id</c>).</summary>
    public required Guid Id { get; init; }

    /// <summary>The subscriber.</summary>
    public required Guid SubscriptionId { get; init; }

    /// <summary>The notification it is about; its own id when it is a test.</summary>
    public required Guid NotificationId { get; init; }

    /// <summary>Counts what this subscriber is told of this notification, from 1 and without gaps.</summary>
    public required int Sequence { get; init; }

    /// <summary>One of <see cref="HeardEvents"/>.</summary>
    public required string Type { get; init; }

    /// <summary>The time at which it happened.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>What is told, a JSON object.</summary>
    public required string Data { get; init; }

    /// <summary>The status.</summary>
    public WebhookStatus Status { get; init; }

    /// <summary>How often it was tried since it was last to be sent.</summary>
    public int Attempts { get; init; }

    /// <summary>The time at which it was stored.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>The time of the next try; null when there is none.</summary>
    public DateTimeOffset? DueAt { get; init; }

    /// <summary>The last tries, oldest first.</summary>
    public IReadOnlyList<WebhookTry> Tries { get; init; } = [];

    /// <summary>The body as it is posted, the same on every try.</summary>
    public byte[] Body() => Encoding.UTF8.GetBytes(HeardEvents.Write(Type, At, Sequence, Data));
}

/// <summary>The status of an event on its way.</summary>
public enum WebhookStatus
{
    /// <summary>It is to be sent, for the first time or again.</summary>
    Waiting,

    /// <summary>The subscriber took it.</summary>
    Delivered,

    /// <summary>It was given up.</summary>
    Failed,
}

/// <summary>One call of a subscriber.</summary>
/// <param name="At">The time at which it was made.</param>
/// <param name="Result">What came of it, in a line.</param>
/// <param name="Milliseconds">How long it took.</param>
public sealed record WebhookTry(DateTimeOffset At, string Result, long Milliseconds);

/// <summary>
/// What becomes of an event after a try. It counts when it was delivered, or while the event still waits as it was taken: a late answer
/// undoes nothing.
/// </summary>
/// <param name="Id">The event.</param>
/// <param name="Attempts">How often it was tried before, as it was taken.</param>
/// <param name="Status">Its status now.</param>
/// <param name="Again">The time until the next try, while it waits.</param>
/// <param name="Try">The try.</param>
public sealed record WebhookSettlement(Guid Id, int Attempts, WebhookStatus Status, TimeSpan Again, WebhookTry Try);

/// <summary>Which events are listed.</summary>
/// <param name="SubscriptionId">The subscriber.</param>
/// <param name="Status">Only those of this status.</param>
/// <param name="Limit">The most.</param>
/// <param name="After">Those that are older than this one.</param>
public sealed record WebhookFilter(Guid SubscriptionId, WebhookStatus? Status, int Limit, (DateTimeOffset At, Guid Id)? After);
