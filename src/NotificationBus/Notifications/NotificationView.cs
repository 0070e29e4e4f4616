using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;
using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Outgoing;

namespace NotificationBus.Notifications;

/// <summary>One notification as people read it: what was asked, where it stands, what was tried and why.</summary>
public sealed record NotificationView
{
    /// <summary>The notification.</summary>
    public required Guid Id { get; init; }

    /// <summary>The application it belongs to.</summary>
    public required string Application { get; init; }

    /// <summary>accepted, sending, held, delivered, partly-delivered, cancelled, expired or failed.</summary>
    public required string Status { get; init; }

    /// <summary>The reason why it failed or was cancelled, wholly or in part.</summary>
    public string? Reason { get; init; }

    /// <summary>
    /// The same in one word: <c>unreachable</c> when there was no address or only suppressed ones, <c>several</c> when its deliveries have
    /// different reasons. See <see cref="ReasonCode"/>.
    /// </summary>
    public string? Code { get; init; }

    /// <summary>The event, such as <c>order-placed</c>.</summary>
    public required string Event { get; init; }

    /// <summary>The producer's name for the occurrence.</summary>
    public string? EventId { get; init; }

    /// <summary>The category, whose templates and rules applied.</summary>
    public required string Category { get; init; }

    /// <summary>The recipient's id in the publishing system.</summary>
    public required string Recipient { get; init; }

    /// <summary>The business keys; null when there are none.</summary>
    public IReadOnlyDictionary<string, string>? Keys { get; init; }

    /// <summary>The metadata its request gave; null when there is none.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    /// <summary>The mode in which the deliveries follow each other.</summary>
    public required DeliveryMode Mode { get; init; }

    /// <summary>The version of the category's templates when it was planned, or <c>given</c> when its producer gave what it says.</summary>
    public string? TemplateVersion { get; init; }

    /// <summary>The time at which the event was taken.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The time at which the last delivery was settled.</summary>
    public DateTimeOffset? CompletedAt { get; init; }

    /// <summary>The time from which it is of no use any more: what is not sent by then expires.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>The notification that a repair has begun in its place; null when none has.</summary>
    public Guid? RepairedBy { get; init; }

    /// <summary>The deliveries in order.</summary>
    public required IReadOnlyList<DeliveryView> Deliveries { get; init; }

    /// <summary>The reason why each channel is used or not.</summary>
    public required IReadOnlyList<string> Decisions { get; init; }

    /// <summary>
    /// The version of what operators have set for its category by which it was planned: the change of <c>event-type {category}</c> that has
    /// it says who and why. Null when it was planned as configured.
    /// </summary>
    public int? PlanVersion { get; init; }

    /// <summary>The outcome on each channel, or the state it is in there.</summary>
    public required IReadOnlyList<ChannelResult> Results { get; init; }

    /// <summary>What the plan could not use; <see cref="Decisions"/> and <see cref="Results"/> say the same to people.</summary>
    [JsonIgnore]
    public IReadOnlyList<LeftOut> LeftOut { get; init; } = [];

    /// <summary>
    /// The time that a step may take before the next one begins in addition; null when the next one begins only after it has failed.
    /// </summary>
    [JsonIgnore]
    public TimeSpan? EscalateAfter { get; init; }

    /// <summary>The proof of a delivery that must be there by then so that the next step does not begin.</summary>
    [JsonIgnore]
    public DeliveryProof EscalateUnless { get; init; }

    /// <summary>The fingerprint with which it was begun; null for one of an earlier version. No business of people.</summary>
    [JsonIgnore]
    public Guid? Fingerprint { get; init; }

    /// <summary>True unless it was begun by another event of its name.</summary>
    public bool WasBegunWith(Guid fingerprint) => Fingerprint is null || Fingerprint == fingerprint;

    /// <summary>Puts a notification and its attempts together.</summary>
    /// <param name="notification">The notification.</param>
    /// <param name="attempts">The calls to providers.</param>
    /// <param name="waiting">The deliveries whose commands were put off.</param>
    public static NotificationView Of(
        NotificationState notification,
        IEnumerable<DeliveryAttempt> attempts,
        IEnumerable<WaitingDelivery>? waiting = null
    )
    {
        var waitingOf = (waiting ?? []).ToLookup(delivery => delivery.DeliveryId);
        var attemptsOf = attempts.ToLookup(attempt => attempt.DeliveryId);
        var reason = notification.FailureReason();
        return new NotificationView
        {
            Id = notification.CorrelationId,
            Application = notification.Application,
            Status = StatusOf(notification.CurrentState),
            Reason = reason.Length > 0 ? reason : null,
            Code = notification.FailureCode(),
            Event = notification.EventName,
            EventId = notification.EventId,
            Category = notification.Category,
            Recipient = notification.Recipient.Id,
            Keys = notification.Keys.Count > 0 ? notification.Keys : null,
            Metadata = Model.Metadata.OrNull(notification.Metadata),
            Mode = notification.Mode,
            TemplateVersion = notification.TemplateVersion,
            CreatedAt = notification.CreatedAt,
            CompletedAt = notification.CompletedAt,
            ExpiresAt = notification.ExpiresAt,
            LeftOut = notification.LeftOut,
            EscalateAfter = notification.EscalateAfter,
            EscalateUnless = notification.EscalateUnless,
            Deliveries =
            [
                .. notification.Deliveries.Select(delivery =>
                    DeliveryView.Of(delivery, attemptsOf[delivery.Id], waitingOf[delivery.Id].MaxBy(one => one.Until))
                ),
            ],
            Decisions = notification.Decisions,
            PlanVersion = PlanNote.VersionIn(notification.Decisions),
            Results = notification.Results(),
            Fingerprint = notification.Fingerprint,
        };
    }

    /// <summary>The status as the API spells a state: PartlyDelivered is partly-delivered.</summary>
    public static string StatusOf(string state) => JsonNamingPolicy.KebabCaseLower.ConvertName(state);
}

/// <summary>One delivery as people read it.</summary>
public sealed record DeliveryView
{
    /// <summary>The delivery.</summary>
    public required Guid Id { get; init; }

    /// <summary>The channel.</summary>
    public required string Channel { get; init; }

    /// <summary>The address on the channel, shortened so that it is recognized and not disclosed: <c>s…@example.com</c>.</summary>
    public required string Address { get; init; }

    /// <summary>Deliveries of one step go out together.</summary>
    public required int Step { get; init; }

    /// <summary>waiting, sending, sent, confirmed, failed, expired, cancelled, not-needed, or held until an operator decides.</summary>
    public required DeliveryStatus Status { get; init; }

    /// <summary>The time at which its step began; null before.</summary>
    public DateTimeOffset? BegunAt { get; init; }

    /// <summary>The provider that took it, or that refused it last.</summary>
    public string? Provider { get; init; }

    /// <summary>The provider's own id for it.</summary>
    public string? ProviderMessageId { get; init; }

    /// <summary>The reason why it failed.</summary>
    public string? Reason { get; init; }

    /// <summary>
    /// The same in one word, exactly one for each delivery that was not sent and none for one that was; <c>in-doubt</c> while it is held.
    /// See <see cref="ReasonCode"/>.
    /// </summary>
    public string? Code { get; init; }

    /// <summary>The decisions of the sender about it, oldest first: what it waited for, or the route it took.</summary>
    public IReadOnlyList<DeliveryDecision>? Decisions { get; init; }

    /// <summary>
    /// The reason why it was cancelled, and who did so. From then on no call for it begins; the status says whether one had sent it before.
    /// </summary>
    public string? Cancellation { get; init; }

    /// <summary>The number of calls that had been made when it was held; it tells one hold from the next.</summary>
    [JsonIgnore]
    public int HeldAfter { get; init; }

    /// <summary>The time at which it is tried again, while it waits for that; it may be earlier.</summary>
    public DateTimeOffset? WaitingUntil { get; init; }

    /// <summary>
    /// The condition it waits for: a circuit that is open, a rate, a channel that is paused, a provider that could not take it.
    /// </summary>
    public string? WaitingFor { get; init; }

    /// <summary>The same in one word: see <see cref="ReasonCode"/>.</summary>
    public string? WaitingCode { get; init; }

    /// <summary>The time at which it was sent or given up.</summary>
    public DateTimeOffset? SettledAt { get; init; }

    /// <summary>The time at which it arrived. This and what follows is what the vendor has reported, by its clock.</summary>
    public DateTimeOffset? ConfirmedAt { get; init; }

    /// <summary>The time at which it came back for good.</summary>
    public DateTimeOffset? BouncedAt { get; init; }

    /// <summary>The time at which it last did not arrive and might another time.</summary>
    public DateTimeOffset? SoftBouncedAt { get; init; }

    /// <summary>The time at which it was first shown, or a program has fetched its pictures.</summary>
    public DateTimeOffset? OpenedAt { get; init; }

    /// <summary>The time at which the recipient has first read it, or followed a link in it.</summary>
    public DateTimeOffset? ReadAt { get; init; }

    /// <summary>The time at which a program first followed a link in it, such as a mail filter. That is not read.</summary>
    public DateTimeOffset? AutomaticReadAt { get; init; }

    /// <summary>The time at which the recipient called it spam.</summary>
    public DateTimeOffset? ComplainedAt { get; init; }

    /// <summary>The time at which the recipient wanted no more of this kind of notification on the channel.</summary>
    public DateTimeOffset? UnsubscribedAt { get; init; }

    /// <summary>The calls to providers, in order.</summary>
    public required IReadOnlyList<AttemptView> Attempts { get; init; }

    /// <summary>Puts a delivery and its attempts together.</summary>
    public static DeliveryView Of(DeliveryState delivery, IEnumerable<DeliveryAttempt> attempts, WaitingDelivery? waiting) =>
        new()
        {
            Id = delivery.Id,
            Channel = delivery.Channel,
            Address = Shorten(delivery.Address),
            Step = delivery.Step,
            Status = delivery.Status,
            BegunAt = delivery.BegunAt,
            Provider = delivery.Provider,
            ProviderMessageId = delivery.ProviderMessageId,
            Reason = delivery.Reason,
            Code = delivery.FinalCode() ?? delivery.Code,
            Decisions = delivery.Decisions.Noting(delivery.Status == DeliveryStatus.Sending ? waiting?.Decisions : null),
            Cancellation = delivery.Cancellation,
            HeldAfter = delivery.Attempts,
            WaitingUntil = delivery.Status == DeliveryStatus.Sending ? waiting?.Until : null,
            WaitingFor = delivery.Status == DeliveryStatus.Sending ? waiting?.For : null,
            WaitingCode = delivery.Status == DeliveryStatus.Sending ? waiting?.Code : null,
            SettledAt = delivery.SettledAt,
            ConfirmedAt = delivery.ConfirmedAt,
            BouncedAt = delivery.BouncedAt,
            SoftBouncedAt = delivery.SoftBouncedAt,
            OpenedAt = delivery.OpenedAt,
            ReadAt = delivery.ReadAt,
            AutomaticReadAt = delivery.AutomaticReadAt,
            ComplainedAt = delivery.ComplainedAt,
            UnsubscribedAt = delivery.UnsubscribedAt,
            Attempts =
            [
                .. attempts
                    .Where(attempt => attempt.Status != AttemptStatus.Cancelled)
                    .OrderBy(attempt => attempt.Number)
                    .Select(AttemptView.Of),
            ],
        };

    /// <summary>A mailbox keeps its first letter and its domain, anything else its first four characters.</summary>
    public static string Shorten(string address)
    {
        var at = address.LastIndexOf('@');
        return at > 0 ? $"{address[..1]}…{address[at..]}"
            : address.Length > 4 ? $"{address[..4]}…"
            : "…";
    }
}

/// <summary>One call to one provider as people read it.</summary>
public sealed record AttemptView
{
    /// <summary>Counts the calls of the delivery from 1.</summary>
    public required int Number { get; init; }

    /// <summary>The provider that was called.</summary>
    public required string Provider { get; init; }

    /// <summary>
    /// started, accepted, rejected, declined, unavailable, throttled, misconfigured, in-doubt, or repeatable when it is in doubt and asking
    /// again does no harm.
    /// </summary>
    public required AttemptStatus Status { get; init; }

    /// <summary>The reason why it was not accepted, or what the provider did not take of it.</summary>
    public string? Reason { get; init; }

    /// <summary>A hash over what was to be sent: calls with the same hash said the same.</summary>
    public Guid? Content { get; init; }

    /// <summary>The version of the template, when it was filled again after the plan.</summary>
    public string? TemplateVersion { get; init; }

    /// <summary>The trace that the call belongs to (W3C Trace Context); null when it was not recorded.</summary>
    public string? TraceId { get; init; }

    /// <summary>The time at which the call was claimed.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>The time at which the outcome was recorded.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>The id of the trace in <c>00-{trace}-{span}-{flags}</c>.</summary>
    static string? TraceOf(string? traceParent) =>
        ActivityContext.TryParse(traceParent, traceState: null, out var context) ? context.TraceId.ToHexString() : null;

    /// <summary>The attempt without what only the ledger needs.</summary>
    public static AttemptView Of(DeliveryAttempt attempt) =>
        new()
        {
            Number = attempt.Number,
            Provider = attempt.Provider,
            Status = attempt.Status,
            Reason = attempt.Reason,
            Content = attempt.Content,
            TemplateVersion = attempt.TemplateVersion,
            TraceId = TraceOf(attempt.TraceParent),
            StartedAt = attempt.StartedAt,
            FinishedAt = attempt.FinishedAt,
        };
}
