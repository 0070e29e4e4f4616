using System.ComponentModel.DataAnnotations;
using NotificationBus.Contracts;

namespace NotificationBus.Model;

/// <summary>
/// Settings of one category of notification: <c>EventTypes:{category}</c>. The category of a domain event is the event's name.
/// </summary>
public sealed class EventTypeOptions : IValidatableObject
{
    /// <summary>Channels in order, at least one. With <see cref="DeliveryMode.FirstThatWorks"/> the order is the order of trying.</summary>
    public IReadOnlyList<string> Channels { get; set; } = [];

    /// <summary>The use of the channels: all at once (the default), or one after the other until one takes it.</summary>
    public DeliveryMode Mode { get; set; } = DeliveryMode.AllAtOnce;

    /// <summary>
    /// The time that a notification is of use, counted from its event: 10 s to 30 days, default one day. What could not be sent by then is
    /// marked expired.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:10", "30.00:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan Lifetime { get; set; } = TimeSpan.FromDays(1);

    /// <summary>
    /// The time, 1 s to 30 days, after which, with <see cref="DeliveryMode.FirstThatWorks"/>, the next channel is tried in addition when no
    /// provider has taken a channel's deliveries, and the providers of the first keep being tried. Without it (the default), a channel
    /// without an available provider is given up at once for the next one.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "30.00:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan? EscalateAfter { get; set; }

    /// <summary>
    /// The lane: Transactional (the default), or Bulk for what goes to many and may wait. It has queues of its own, and delays nothing that
    /// is transactional.
    /// </summary>
    public Lane Lane { get; set; } = Lane.Transactional;

    /// <summary>
    /// The policy for a delivery of which nobody can know whether it went out: Resend (the default) risks that the recipient gets it twice,
    /// Hold waits for an operator. Where the provider knows it for a repetition (<see cref="Providers.IProvider.KnowsRepetitionFor"/>) it
    /// is sent again with either.
    /// </summary>
    public InDoubtPolicy OnInDoubt { get; set; } = InDoubtPolicy.Resend;

    /// <summary>
    /// The proof of a delivery that must be there after <see cref="EscalateAfter"/> so that the next channel is not tried: Sent (the
    /// default), Confirmed or Read. With the last two the notification has no outcome before that is known or every channel was tried. They
    /// need providers that report it; with one that does not, the next channel is always tried.
    /// </summary>
    public DeliveryProof EscalateUnless { get; set; } = DeliveryProof.Sent;

    /// <summary>
    /// True when deliveries carry a link with which the recipient unsubscribes from the category on that channel (List-Unsubscribe, RFC
    /// 8058). Needs <c>Unsubscribe:PublicUrl</c>. Default: only <c>announcement</c>, once that is set.
    /// </summary>
    public bool? Unsubscribe { get; set; }

    /// <summary>
    /// The texts that are sent: Planned (the default), as they were filled when the notification was planned, whatever is deployed
    /// meanwhile; or Latest, filled again with the templates of the time when the first call is made. That is for what is planned long
    /// before. What cannot be filled then is sent as planned, and every later call says what the first one said.
    /// </summary>
    public TextsPolicy Texts { get; set; } = TextsPolicy.Planned;

    /// <summary>
    /// The events that make a notification superfluous, such as <c>order-paid</c>: one with the same business key is not sent any more,
    /// whichever comes first. Default: none.
    /// </summary>
    public IReadOnlyList<string> WithdrawnBy { get; set; } = [];

    /// <summary>
    /// True publishes <c>DeliveryAttemptFailed</c> for each call to a provider that fails, and <c>DeliveryWaiting</c> each time a delivery
    /// is put off. Default: false, only outcomes are published.
    /// </summary>
    public bool PublishAttempts { get; set; }

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (EscalateAfter is not null && Mode != DeliveryMode.FirstThatWorks)
            yield return new ValidationResult("needs Mode=FirstThatWorks: all channels are used at once anyway", [nameof(EscalateAfter)]);
        if (EscalateUnless != DeliveryProof.Sent && EscalateAfter is null)
            yield return new ValidationResult("needs EscalateAfter: how long to wait for it", [nameof(EscalateUnless)]);
    }
}

/// <summary>The texts that are sent when templates change between plan and sending.</summary>
public enum TextsPolicy
{
    /// <summary>As they were filled when the notification was planned.</summary>
    Planned,

    /// <summary>Filled again when the first call is made.</summary>
    Latest,
}

/// <summary>The policy for a delivery of which nobody can know whether it went out.</summary>
public enum InDoubtPolicy
{
    /// <summary>
    /// It is sent again, by the same provider first, and held after <c>Redelivery:MostInDoubt</c> answers that left it so.
    /// </summary>
    Resend,

    /// <summary>It is held until an operator decides.</summary>
    Hold,
}
