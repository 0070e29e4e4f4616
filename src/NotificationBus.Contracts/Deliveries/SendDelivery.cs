using System.Text.Json;

namespace NotificationBus.Contracts;

/// <summary>
/// The command to send one delivery: one notification, on one channel, to one address. Goes to the queue of its channel and lane.
/// </summary>
public sealed record SendDelivery
{
    /// <summary>The notification the delivery belongs to.</summary>
    public required Guid NotificationId { get; init; }

    /// <summary>The delivery. Also the key a provider deduplicates by, where it can.</summary>
    public required Guid DeliveryId { get; init; }

    /// <summary>
    /// The application it belongs to, which may have a sender of its own; null for the default one, and in a command of an earlier version.
    /// </summary>
    public string? Application { get; init; }

    /// <summary>The channel, such as <c>email</c>.</summary>
    public required string Channel { get; init; }

    /// <summary>The address on the channel: mailbox, number, token or URL.</summary>
    public required string Address { get; init; }

    /// <summary>The category, whose templates apply.</summary>
    public required string Category { get; init; }

    /// <summary>The recipient's id in the publishing system.</summary>
    public required string RecipientId { get; init; }

    /// <summary>The name the template greets the person by.</summary>
    public string? RecipientName { get; init; }

    /// <summary>BCP 47 language tag that chooses the template.</summary>
    public string? Locale { get; init; }

    /// <summary>The country the event says the person is in, ISO 3166-1 alpha-2; null when it does not.</summary>
    public string? Country { get; init; }

    /// <summary>The values the template needs, as a JSON object.</summary>
    public required JsonElement Data { get; init; }

    /// <summary>
    /// The text that was filled when the notification was planned; null in a command of an earlier version, whose template is filled when
    /// it is sent.
    /// </summary>
    public DeliveryContent? Content { get; init; }

    /// <summary>The time at which the event was taken; null in a command of an earlier version.</summary>
    public DateTimeOffset? OccurredAt { get; init; }

    /// <summary>The time from which the delivery is of no use any more and is not sent.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>Another channel is tried next, so that nothing is gained by waiting for a provider of this one.</summary>
    public bool AnotherChannelFollows { get; init; }

    /// <summary>The lane: the queue of the channel in which it waits.</summary>
    public Lane Lane { get; init; }

    /// <summary>
    /// The policy for a delivery of which nobody can know whether it went out: false sends it again, true holds it until an operator
    /// decides.
    /// </summary>
    public bool HoldWhenInDoubt { get; init; }

    /// <summary>The number of times it was put off because no provider of the channel was available.</summary>
    public int Redeliveries { get; init; }

    /// <summary>The number of calls made to providers before it was put off last, or held.</summary>
    public int EarlierAttempts { get; init; }

    /// <summary>
    /// The number of earlier calls that left it in doubt since an operator decided last. Those that ended with their worker count only
    /// where the decision is left to an operator.
    /// </summary>
    public int EarlierInDoubt { get; init; }

    /// <summary>
    /// The number of times the delivery was taken up again after it had been called off. What is reported of an earlier time is no result
    /// of this one.
    /// </summary>
    public int Reopened { get; init; }

    /// <summary>True when a call before may have sent it, so that a receipt may have settled it meanwhile.</summary>
    public bool MayHaveBeenSent { get; init; }

    /// <summary>The condition it waits for while it is put off, for a person to read. Names no address.</summary>
    public string? WaitingFor { get; init; }

    /// <summary>The same in one word: see <see cref="ReasonCode"/>.</summary>
    public string? WaitingCode { get; init; }

    /// <summary>
    /// The decisions of the sender so far, oldest first, for whoever reports what became of it; null when there are none.
    /// </summary>
    public IReadOnlyList<DeliveryDecision>? Decisions { get; init; }

    /// <summary>The turn it was put off to, when a provider's rate is limited.</summary>
    public SendSlot? Slot { get; init; }

    /// <summary>True when it was put off to its turn at its address, and is not counted again.</summary>
    public bool HasTurnAtAddress { get; init; }

    /// <summary>
    /// What other services are told with each attempt and each time it is put off; null when its category publishes neither.
    /// </summary>
    public ToldWith? Told { get; init; }

    /// <summary>
    /// The span that caused it (W3C Trace Context, "traceparent"); null when nobody records it. In the command, because commands that share
    /// a message share its headers.
    /// </summary>
    public string? TraceParent { get; init; }
}
