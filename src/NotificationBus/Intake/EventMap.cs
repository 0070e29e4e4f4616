using System.Text.Json;
using NotificationBus.Contracts;
using NotificationBus.Model;

namespace NotificationBus.Intake;

/// <summary>
/// One kind of event that starts notifications. The state machine, the HTTP API and the start-up checks all read this list.
/// </summary>
public interface IEventMap
{
    /// <summary>The event in configuration and in <c>POST /v1/events/{name}</c>, such as <c>order-placed</c>.</summary>
    string Name { get; }

    /// <summary>The contract.</summary>
    Type EventType { get; }

    /// <summary>The property of the event that is the recipient, as JSON spells it. Error messages point at it.</summary>
    string RecipientProperty { get; }

    /// <summary>Hands the map, with its event type, to somebody who needs the type.</summary>
    TResult Accept<TResult>(IEventMapVisitor<TResult> visitor);
}

/// <summary>Somebody who needs a map with its event type: the state machine, the HTTP API.</summary>
public interface IEventMapVisitor<out TResult>
{
    /// <summary>Called by <see cref="IEventMap.Accept{TResult}"/>.</summary>
    TResult Visit<TEvent>(EventMap<TEvent> map)
        where TEvent : class;
}

/// <summary>
/// Says what one event means: who is told, of what category, with which variables. A new event type is a contract, one class
/// like this, and its templates.
/// </summary>
public abstract class EventMap<TEvent> : IEventMap
    where TEvent : class
{
    /// <inheritdoc />
    public abstract string Name { get; }

    /// <inheritdoc />
    public abstract string RecipientProperty { get; }

    /// <inheritdoc />
    public Type EventType => typeof(TEvent);

    /// <inheritdoc />
    public TResult Accept<TResult>(IEventMapVisitor<TResult> visitor) => visitor.Visit(this);

    /// <summary>The producer's name for the occurrence.</summary>
    public abstract string? EventId(TEvent happened);

    /// <summary>Reads the recipient.</summary>
    public abstract Contact Recipient(TEvent happened);

    /// <summary>Reads the variables the templates may use. Only what is named here leaves the event.</summary>
    protected abstract JsonElement Variables(TEvent happened);

    /// <summary>Reads the category, whose templates and rules apply; the event's own name unless the event says otherwise.</summary>
    protected virtual string Category(TEvent happened) => Name;

    /// <summary>What the recipient is told, by channel and part, instead of what templates say; null when they do.</summary>
    protected virtual IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>? Content(TEvent happened) => null;

    /// <summary>What the message carries besides its text; null for nothing.</summary>
    protected virtual MessageExtras? Extras(TEvent happened) => null;

    /// <summary>Words of the producer's that are given back with what is told of the notification.</summary>
    protected virtual IReadOnlyDictionary<string, string>? Metadata(TEvent happened) => null;

    /// <summary>Channels the event itself asks for; null for those configured.</summary>
    protected virtual IReadOnlyList<string>? Channels(TEvent happened) => null;

    /// <summary>
    /// Names the event's own numbers under which the notification is found, at most four, such as <c>order</c>. What is no fit value of a
    /// key is none: see <see cref="BusinessKeys"/>.
    /// </summary>
    protected virtual IReadOnlyDictionary<string, string> Keys(TEvent happened) => BusinessKeys.None;

    /// <summary>Reads when it is to be sent, and what is wrong with that; null for at once.</summary>
    protected virtual (SendSchedule? Schedule, IReadOnlyList<Breach> Breaches) Schedule(TEvent happened) => (null, []);

    /// <summary>True when the keys are no more than what the producer calls so, and not part of what the event says.</summary>
    protected virtual bool KeysAreGiven => false;

    /// <summary>Finds what is wrong with the event's own values; the recipient is looked at for all events alike.</summary>
    protected virtual IEnumerable<Breach> Breaches(TEvent happened) => [];

    /// <summary>
    /// The event with what only decorates it put right, see <see cref="Decoration"/>. The recipient is seen to for all events alike.
    /// </summary>
    protected virtual TEvent Tidy(TEvent happened, Decoration decoration) => happened;

    /// <summary>The notification's id: the same for every repetition of the same occurrence, for ever.</summary>
    public Guid NotificationId(TEvent happened, Guid messageId, string application = Applications.Default) =>
        IdOf(EventId(happened) ?? messageId.ToString("N"), RecipientOrThrow(happened).Id ?? "", application);

    /// <summary>The same, of what was named so.</summary>
    internal Guid IdOf(string eventId, string recipientId, string application) =>
        Applications.IdIn(application, "notification", Name, eventId, recipientId);

    // "seller": null satisfies `required` when the event comes over the bus.
    Contact RecipientOrThrow(TEvent happened) =>
        Recipient(happened) ?? throw new InvalidEventException($"{RecipientProperty} must not be null");

    /// <summary>Reads the event.</summary>
    public NotificationRequest Read(TEvent happened, Guid messageId, string application = Applications.Default)
    {
        var notificationId = NotificationId(happened, messageId, application);
        var decoration = new Decoration();
        var tidy = Tidy(happened, decoration);
        var recipient = decoration.Person(RecipientProperty, Recipient(tidy));
        var (schedule, untimely) = Schedule(tidy);
        return new NotificationRequest
        {
            NotificationId = notificationId,
            Application = application,
            EventName = Name,
            EventId = EventId(tidy),
            Category = Category(tidy),
            Recipient = recipient,
            Data = Variables(tidy),
            Content = Content(tidy),
            Extras = Extras(tidy),
            Metadata = decoration.Pairs("metadata", Metadata(tidy) ?? BusinessKeys.None, Model.Metadata.Most, areGiven: true),
            Channels = Channels(tidy),
            Keys = decoration.Pairs("keys", Keys(tidy), BusinessKeys.Most, KeysAreGiven),
            KeysAreGiven = KeysAreGiven,
            Schedule = schedule,
            Breaches = [.. TextLengths.Check(tidy, RecipientProperty), .. Breaches(tidy), .. decoration.Breaches, .. untimely],
            Decisions = decoration.Decisions,
        };
    }
}
