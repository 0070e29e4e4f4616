using MassTransit;

using NotificationBus.Contracts;
using NotificationBus.Failures;
using NotificationBus.Intake;
using NotificationBus.Messaging;
using NotificationBus.Planning;
using NotificationBus.Sending;

using RabbitMQ.Client;

using IChannel = RabbitMQ.Client.IChannel;

namespace NotificationBus.Host.RabbitMq;

/// <summary>Every exchange, queue and binding of the flow, as MassTransit declares them when it connects: known here, so that they can be looked at and declared again.</summary>
sealed class BrokerTopology(ChannelSet channels, IEnumerable<IEventMap> maps, PlanningRules planning, IBus bus)
{
    // A service in any language can bind to them before the first notification has come to that end.
    static readonly IReadOnlyList<Type> Outcomes =
    [
        typeof(NotificationDelivered), typeof(NotificationPartlyDelivered), typeof(NotificationCancelled), typeof(NotificationExpired), typeof(NotificationFailed),
        typeof(NotificationRejected),
    ];

    /// <summary>The queues and what they are declared with, each bound to the exchange of its name.</summary>
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, object>> Queues { get; } =
        NotificationEndpoints.Queues(channels).Append(FailedMessageEndpoint.Queue).Append(FailedMessageEndpoint.DeadLetters).ToDictionary(
            queue => queue,
            queue => queue == FailedMessageEndpoint.DeadLetters ? QueueArguments.OfDeadLetters : QueueArguments.Working,
            StringComparer.Ordinal);

    /// <summary>The exchanges of types of messages; beside them each queue has one of its own.</summary>
    public IReadOnlyList<string> Exchanges => [.. Bindings.Select(binding => binding.Exchange).Concat(Outcomes.Select(NameOf)).Distinct(StringComparer.Ordinal)];

    /// <summary>Which type of message goes to which queue.</summary>
    public IReadOnlyList<(string Exchange, string Queue)> Bindings =>
    [
        .. maps.Select(map => (NameOf(map.EventType), SagaEndpoint.QueueOf(planning.LaneOf(map)))),
        (NameOf(typeof(CancelNotification)), SagaEndpoint.QueueOf(Lane.Transactional)),
        (NameOf(typeof(Fault<SendDelivery>)), SagaEndpoint.QueueOf(Lane.Transactional)),
    ];

    /// <summary>Declares the exchanges and the bindings. Where they are there it changes nothing.</summary>
    public async Task DeclareExchanges(IChannel channel, CancellationToken cancellationToken)
    {
        foreach (var exchange in Exchanges.Concat(Queues.Keys))
            await channel.ExchangeDeclareAsync(exchange, ExchangeType.Fanout, durable: true, autoDelete: false, cancellationToken: cancellationToken);
        foreach (var queue in Queues.Keys)
            await channel.QueueBindAsync(queue, queue, routingKey: "", cancellationToken: cancellationToken);
        foreach (var (exchange, queue) in Bindings)
            await channel.ExchangeBindAsync(queue, exchange, routingKey: "", cancellationToken: cancellationToken);
    }

    string NameOf(Type message) =>
        bus.Topology.TryGetPublishAddress(message, out var address) ? Listeners.QueueOf(address) : throw new InvalidOperationException($"{message} has no exchange.");
}
