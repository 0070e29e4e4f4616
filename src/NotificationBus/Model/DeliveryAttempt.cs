using NotificationBus.Contracts;

namespace NotificationBus.Model;

/// <summary>One call to one provider for a delivery, as the ledger has it.</summary>
public sealed record DeliveryAttempt
{
    /// <summary>The delivery.</summary>
    public required Guid DeliveryId { get; init; }

    /// <summary>The notification the delivery belongs to.</summary>
    public required Guid NotificationId { get; init; }

    /// <summary>Counts the calls of the delivery from 1.</summary>
    public required int Number { get; init; }

    /// <summary>The channel.</summary>
    public required string Channel { get; init; }

    /// <summary>The provider that was called; empty when none was, because it was cancelled.</summary>
    public required string Provider { get; init; }

    /// <summary>The status of the attempt.</summary>
    public required AttemptStatus Status { get; init; }

    /// <summary>The provider's own id for it.</summary>
    public string? ProviderMessageId { get; init; }

    /// <summary>The reason why it was not accepted.</summary>
    public string? Reason { get; init; }

    /// <summary>A hash over what was to be sent: calls with the same hash said the same. Null for one of an earlier version.</summary>
    public Guid? Content { get; init; }

    /// <summary>The version of the template, when it was filled again after the plan; null when what was planned was sent.</summary>
    public string? TemplateVersion { get; init; }

    /// <summary>The time that the provider asked to be left alone. Only whoever made the call knows.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>
    /// What other services are told of it with its outcome; null for nothing. Only whoever made the call knows.
    /// </summary>
    public DeliveryAttemptFailed? Told { get; init; }

    /// <summary>The time at which the call was claimed, by the store's clock.</summary>
    public DateTimeOffset StartedAt { get; init; }

    /// <summary>The time until which the claim keeps others away, by the store's clock.</summary>
    public DateTimeOffset LeaseUntil { get; init; }

    /// <summary>The time at which the outcome was recorded, by the store's clock.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>
    /// The span of the call (W3C Trace Context, "traceparent"), to which a receipt is linked hours later; null when nobody recorded it, or
    /// its outcome is not known.
    /// </summary>
    public string? TraceParent { get; init; }

    /// <summary>True when nobody can know whether it went out.</summary>
    public bool MayHaveBeenSent => Status is AttemptStatus.InDoubt or AttemptStatus.Repeatable;
}

/// <summary>The status of an attempt.</summary>
public enum AttemptStatus
{
    /// <summary>Claimed; the call is being made, or whoever made it died.</summary>
    Started,

    /// <summary>The provider took it.</summary>
    Accepted,

    /// <summary>Certainly not sent, and no provider should be asked again.</summary>
    Rejected,

    /// <summary>Certainly not sent, and this provider never will in this form; another one may take it.</summary>
    Declined,

    /// <summary>Certainly not sent; another provider may take it.</summary>
    Unavailable,

    /// <summary>Certainly not sent; the provider is called too often.</summary>
    Throttled,

    /// <summary>Certainly not sent; somebody has to mend the account.</summary>
    Misconfigured,

    /// <summary>Nobody can know whether it went out.</summary>
    InDoubt,

    /// <summary>Nobody can know whether it went out, and to ask again does no harm, because the recipient knows a repetition.</summary>
    Repeatable,

    /// <summary>No call: the delivery was cancelled, and none follows.</summary>
    Cancelled,
}
