using System.Text.Json;
using MassTransit;
using NotificationBus.Contracts;

namespace NotificationBus.Model;

/// <summary>
/// The state of one notification. One row in the store; it stays after the end, so that a late repetition of its event finds it.
/// </summary>
public sealed class NotificationState : SagaStateMachineInstance
{
    /// <summary>The notification's id.</summary>
    public Guid CorrelationId { get; set; }

    /// <summary>The state's name: Sending, Held, Delivered, PartlyDelivered, Cancelled, Expired or Failed.</summary>
    public string CurrentState { get; set; } = "Initial";

    /// <summary>Counts the writes of the row; 0 before the first. A write that finds another version has lost a race.</summary>
    public int Version { get; set; }

    /// <summary>Ids of the messages this row has already taken, newest last. A message that comes again changes nothing.</summary>
    public IReadOnlyList<Guid> ProcessedMessageIds { get; set; } = [];

    /// <summary>The application it belongs to: nobody of another one sees it.</summary>
    public string Application { get; set; } = Applications.Default;

    /// <summary>The event, such as <c>order-placed</c>.</summary>
    public string EventName { get; set; } = "";

    /// <summary>The producer's name for the occurrence.</summary>
    public string? EventId { get; set; }

    /// <summary>The category, whose templates and rules apply.</summary>
    public string Category { get; set; } = "";

    /// <summary>The recipient, as the event said.</summary>
    public Contact Recipient { get; set; } = null!;

    /// <summary>The values the templates may use.</summary>
    public JsonElement Data { get; set; }

    /// <summary>Channels the event itself asked for.</summary>
    public IReadOnlyList<string>? RequestedChannels { get; set; }

    /// <summary>The business keys by which it is found.</summary>
    public IReadOnlyDictionary<string, string> Keys { get; set; } = BusinessKeys.None;

    /// <summary>Words of the producer's that are given back with what is told of it.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; set; } = BusinessKeys.None;

    /// <summary>What it carries besides its text; null for nothing.</summary>
    public MessageExtras? Extras { get; set; }

    /// <summary>
    /// A hash over what the event asked for: another event of its name is known by it. Null for one that an earlier version has begun.
    /// </summary>
    public Guid? Fingerprint { get; set; }

    /// <summary>The mode in which the deliveries follow each other.</summary>
    public DeliveryMode Mode { get; set; }

    /// <summary>
    /// The time that a step may take before the next one begins in addition; null when the next one begins only after it has failed.
    /// </summary>
    public TimeSpan? EscalateAfter { get; set; }

    /// <summary>The proof of a delivery that must be there by then so that the next step does not begin.</summary>
    public DeliveryProof EscalateUnless { get; set; }

    /// <summary>The timer that begins the next step; null when none runs.</summary>
    public Guid? EscalationToken { get; set; }

    /// <summary>The deliveries of the plan and how each of them stands, by step.</summary>
    public IReadOnlyList<DeliveryState> Deliveries { get; set; } = [];

    /// <summary>The parts of the event that were cut or left out, and the reason why each channel is used or not.</summary>
    public IReadOnlyList<string> Decisions { get; set; } = [];

    /// <summary>The channels that the plan could not use, or addresses of one that is used, and the reasons.</summary>
    public IReadOnlyList<LeftOut> LeftOut { get; set; } = [];

    /// <summary>The reason why the notification could not be sent at all.</summary>
    public string? Refusal { get; set; }

    /// <summary>
    /// The name under which the contents of the plan are kept; null when there are none, or an earlier version has begun it.
    /// </summary>
    public Guid? Contents { get; set; }

    /// <summary>
    /// The version of the category's templates when it was planned, null as <see cref="Contents"/>; or <see cref="GivenContent.Version"/>,
    /// also where the plan has no contents.
    /// </summary>
    public string? TemplateVersion { get; set; }

    /// <summary>The time at which the event was taken.</summary>
    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>
    /// The time at which its first step is to be sent; null for at once. Only the step that begins it needs to know: see
    /// <see cref="DeliveryState.BegunAt"/>.
    /// </summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public DateTimeOffset? SendAt { get; set; }

    /// <summary>
    /// What its producer gave it to say; null when templates say it. Only the step that begins it needs to know, and freezes it.
    /// </summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>? GivenContent { get; set; }

    /// <summary>The time from which the notification is of no use any more.</summary>
    public DateTimeOffset ExpiresAt { get; set; }

    /// <summary>The time at which the last delivery was settled; null before.</summary>
    public DateTimeOffset? CompletedAt { get; set; }

    /// <summary>A notification as its event asks for it, before planning.</summary>
    public static NotificationState From(NotificationRequest request, DateTimeOffset now) =>
        new()
        {
            CorrelationId = request.NotificationId,
            Application = request.Application,
            EventName = request.EventName,
            EventId = request.EventId,
            Category = request.Category,
            Recipient = request.Recipient,
            Data = request.Data,
            RequestedChannels = request.Channels,
            Keys = request.Keys,
            Metadata = request.Metadata,
            Extras = request.Extras,
            Fingerprint = request.Fingerprint(),
            Decisions = request.Schedule?.Note(now) is { } note ? [.. request.Decisions, note] : request.Decisions,
            CreatedAt = now,
            SendAt = request.Schedule?.SendAt(now),
            GivenContent = request.Content,
            // What its category says is known when it is planned.
            ExpiresAt = request.Schedule?.ExpiresAt ?? default,
        };

    /// <summary>A copy as it stood, without what the templates may use.</summary>
    /// <param name="state">The state's name.</param>
    /// <param name="completedAt">The time at which the last delivery had been settled.</param>
    /// <param name="deliveries">The deliveries as they stood.</param>
    internal NotificationState AsItStood(string state, DateTimeOffset? completedAt, IReadOnlyList<DeliveryState> deliveries)
    {
        var copy = (NotificationState)MemberwiseClone();
        (copy.CurrentState, copy.CompletedAt, copy.Deliveries, copy.Data) = (state, completedAt, deliveries, default);
        return copy;
    }

    /// <summary>The request again, for planning.</summary>
    public NotificationRequest ToRequest() =>
        new()
        {
            NotificationId = CorrelationId,
            Application = Application,
            EventName = EventName,
            EventId = EventId,
            Category = Category,
            Recipient = Recipient,
            Data = Data,
            Channels = RequestedChannels,
            Content = GivenContent,
            Extras = Extras,
        };
}

/// <summary>The state of one delivery of a notification.</summary>
public sealed class DeliveryState
{
    /// <summary>The delivery's id.</summary>
    public required Guid Id { get; init; }

    /// <summary>The channel.</summary>
    public required string Channel { get; init; }

    /// <summary>The address on the channel.</summary>
    public required string Address { get; init; }

    /// <summary>Deliveries of one step go out together.</summary>
    public required int Step { get; init; }

    /// <summary>The status of the delivery.</summary>
    public DeliveryStatus Status { get; set; }

    /// <summary>The time at which its command was sent first, or is to be when that is later.</summary>
    public DateTimeOffset? BegunAt { get; set; }

    /// <summary>The provider that took it, or that refused it last.</summary>
    public string? Provider { get; set; }

    /// <summary>The provider's own id for it.</summary>
    public string? ProviderMessageId { get; set; }

    /// <summary>The reason why it failed.</summary>
    public string? Reason { get; set; }

    /// <summary>
    /// The reason in one word (<see cref="ReasonCode"/>), once it is settled and was not sent, or while it is held. Null in a record of an
    /// earlier version: <see cref="DeliveryReasons.FinalCode"/> knows.
    /// </summary>
    public string? Code { get; set; }

    /// <summary>The decisions of the sender about it, oldest first; null when it went straight out.</summary>
    public IReadOnlyList<DeliveryDecision>? Decisions { get; set; }

    /// <summary>
    /// The reason why it was cancelled, and who did so. From then on no call for it begins; the status says whether one had sent it before.
    /// </summary>
    public string? Cancellation { get; set; }

    /// <summary>The number of calls made to providers when it was held; an operator may have it sent again.</summary>
    public int Attempts { get; set; }

    /// <summary>
    /// The number of times it was taken up again after it had been called off, because what had reached the recipient came back.
    /// </summary>
    public int Reopened { get; set; }

    /// <summary>The time at which it was sent or given up.</summary>
    public DateTimeOffset? SettledAt { get; set; }

    /// <summary>The time at which it arrived. This and what follows is what the vendor has reported, by the vendor's clock.</summary>
    public DateTimeOffset? ConfirmedAt { get; set; }

    /// <summary>The time at which it came back for good. Then it has failed, whatever else is reported.</summary>
    public DateTimeOffset? BouncedAt { get; set; }

    /// <summary>The time at which it last did not arrive and might another time.</summary>
    public DateTimeOffset? SoftBouncedAt { get; set; }

    /// <summary>The time at which it was first shown, or a program has fetched its pictures.</summary>
    public DateTimeOffset? OpenedAt { get; set; }

    /// <summary>The time at which the recipient has first read it, or followed a link in it.</summary>
    public DateTimeOffset? ReadAt { get; set; }

    /// <summary>The time at which a program first followed a link in it, such as a mail filter. That is not read.</summary>
    public DateTimeOffset? AutomaticReadAt { get; set; }

    /// <summary>The links that were followed, by time, as far as they may still tell a program from a person; null when none was.</summary>
    public IReadOnlyList<LinkClick>? Clicks { get; set; }

    /// <summary>The time at which the recipient called it spam.</summary>
    public DateTimeOffset? ComplainedAt { get; set; }

    /// <summary>The time at which the recipient wanted no more of this kind of notification on the channel.</summary>
    public DateTimeOffset? UnsubscribedAt { get; set; }

    /// <summary>A copy as it is now.</summary>
    internal DeliveryState Copy() => (DeliveryState)MemberwiseClone();
}

/// <summary>The status of a delivery.</summary>
public enum DeliveryStatus
{
    /// <summary>Its step has not begun.</summary>
    Waiting,

    /// <summary>Its command is in the queue of its channel, with a worker, or put off.</summary>
    Sending,

    /// <summary>A provider took it.</summary>
    Sent,

    /// <summary>No provider takes it.</summary>
    Failed,

    /// <summary>It was not sent while it was of use.</summary>
    Expired,

    /// <summary>Another step reached the recipient.</summary>
    NotNeeded,

    /// <summary>It may or may not have been sent, and waits for an operator's decision.</summary>
    Held,

    /// <summary>It arrived.</summary>
    Confirmed,

    /// <summary>It was cancelled. No provider has it, and none will get it.</summary>
    Cancelled,
}
