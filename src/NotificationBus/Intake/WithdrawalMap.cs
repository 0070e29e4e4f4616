namespace NotificationBus.Intake;

/// <summary>
/// One kind of event that begins no notification and makes others superfluous: those of the categories whose <c>WithdrawnBy</c> names it.
/// The saga's queues, the HTTP API and the start-up checks all read this list.
/// </summary>
public interface IWithdrawalMap
{
    /// <summary>The event in configuration and in <c>POST /v1/events/{name}</c>, such as <c>order-paid</c>.</summary>
    string Name { get; }

    /// <summary>The contract.</summary>
    Type EventType { get; }

    /// <summary>Hands the map, with its event type, to somebody who needs the type.</summary>
    TResult Accept<TResult>(IWithdrawalMapVisitor<TResult> visitor);
}

/// <summary>Somebody who needs a map with its event type.</summary>
public interface IWithdrawalMapVisitor<out TResult>
{
    /// <summary>Called by <see cref="IWithdrawalMap.Accept{TResult}"/>.</summary>
    TResult Visit<TEvent>(WithdrawalMap<TEvent> map)
        where TEvent : class;
}

/// <summary>Says which business key an event withdraws. A new one is a contract, and one class like this.</summary>
public abstract class WithdrawalMap<TEvent> : IWithdrawalMap
    where TEvent : class
{
    /// <inheritdoc />
    public abstract string Name { get; }

    /// <inheritdoc />
    public Type EventType => typeof(TEvent);

    /// <inheritdoc />
    public TResult Accept<TResult>(IWithdrawalMapVisitor<TResult> visitor) => visitor.Visit(this);

    /// <summary>The producer's name for the occurrence.</summary>
    public abstract string? EventId(TEvent happened);

    /// <summary>The key's name, as the maps of the notifications have it.</summary>
    public abstract string KeyName { get; }

    /// <summary>The property of the event that is the key's value, as JSON spells it. Error messages point at it.</summary>
    public abstract string KeyProperty { get; }

    /// <summary>Reads the key's value.</summary>
    public abstract string? KeyValue(TEvent happened);
}
