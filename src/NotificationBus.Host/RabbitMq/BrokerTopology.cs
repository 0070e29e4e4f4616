using MassTransit;
using NotificationBus.Contracts;
using NotificationBus.Failures;
using NotificationBus.Intake;
using NotificationBus.Messaging;
using NotificationBus.Model;
using NotificationBus.Planning;
using RabbitMQ.Client;
using IChannel = RabbitMQ.Client.IChannel;

namespace NotificationBus.Host.RabbitMq;

/// <summary>
/// Every exchange, queue and binding of the flow, as MassTransit declares them when it connects: known here, so that they can be looked at
/// and declared again.
/// </summary>
sealed class BrokerTopology(
    ChannelSet channels,
    IEnumerable<IEventMap> maps,
    IEnumerable<IWithdrawalMap> withdrawals,
    PlanningRules planning,
    IBus bus
)
{
    // A service in any language can bind to them before the first notification has come so far.
    static readonly IReadOnlyList<Type> Told =
    [
        typeof(NotificationDelivered),
        typeof(NotificationPartlyDelivered),
        typeof(NotificationCancelled),
        typeof(NotificationExpired),
        typeof(NotificationFailed),
        typeof(NotificationRejected),
        typeof(DeliveryAttemptFailed),
        typeof(DeliveryWaiting),
    ];

    /// <summary>The queues and what they are declared with, each bound to the exchange of its name.</summary>
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, object>> Queues { get; } =
        NotificationQueues
            .All(channels)
            .Append(FailedMessageEndpoint.Queue)
            .Append(FailedMessageEndpoint.DeadLetters)
            .ToDictionary(
                queue => queue,
                queue => queue == FailedMessageEndpoint.DeadLetters ? QueueArguments.OfDeadLetters : QueueArguments.Working,
                StringComparer.Ordinal
            );

    /// <summary>The exchanges of types of messages; beside them each queue has one of its own.</summary>
    public IReadOnlyList<string> Exchanges =>
        [.. Bindings.Select(binding => binding.Exchange).Concat(Told.Select(NameOf)).Distinct(StringComparer.Ordinal)];

    /// <summary>The queue to which each type of message goes.</summary>
    public IReadOnlyList<(string Exchange, string Queue)> Bindings =>
        [
            .. maps.Select(map => (NameOf(map.EventType), SagaEndpoint.QueueOf(planning.LaneOf(map.Name)))),
            .. withdrawals
                .Select(map => map.EventType)
                .Append(typeof(CancelNotification))
                .Append(typeof(WithdrawNotifications))
                .Select(message => (NameOf(message), SagaEndpoint.QueueOf(Lane.Transactional))),
            (NameOf(typeof(Fault<SendDelivery>)), SagaEndpoint.QueueOf(Lane.Transactional)),
        ];

    /// <summary>The same with the queues' own exchanges, as far as an operator can see them: from where to where.</summary>
    public IEnumerable<(string Exchange, string Queue)> AllBindings => Bindings.Concat(Queues.Keys.Select(queue => (queue, queue)));

    /// <summary>
    /// All of it, kind by kind in the order in which it can be declared, with the name of each for people. Where it is there declaring
    /// changes nothing.
    /// </summary>
    public IReadOnlyList<IReadOnlyList<Declaration>> Declarations =>
        [
            [.. Queues.Select(queue => new Declaration(QueueNamed(queue.Key), Declare(queue.Key, queue.Value)))],
            [.. Exchanges.Concat(Queues.Keys).Select(exchange => new Declaration(ExchangeNamed(exchange), Declare(exchange)))],
            [.. Queues.Keys.Select(queue => new Declaration(BindingNamed(queue, queue), BindQueue(queue)))],
            [
                .. Bindings.Select(binding => new Declaration(
                    BindingNamed(binding.Exchange, binding.Queue),
                    BindExchange(binding.Exchange, binding.Queue)
                )),
            ],
        ];

    /// <summary>A queue, for people.</summary>
    public static string QueueNamed(string queue) => $"queue '{queue}'";

    /// <summary>An exchange, for people.</summary>
    public static string ExchangeNamed(string exchange) => $"exchange '{exchange}'";

    /// <summary>The way from an exchange to a queue, for people.</summary>
    public static string BindingNamed(string exchange, string queue) => $"the binding from exchange '{exchange}' to '{queue}'";

    static Func<IChannel, CancellationToken, Task> Declare(string queue, IReadOnlyDictionary<string, object> arguments) =>
        (channel, cancellationToken) =>
            channel.QueueDeclareAsync(
                queue,
                durable: true,
                exclusive: false,
                autoDelete: false,
                arguments.ToDictionary(argument => argument.Key, argument => (object?)argument.Value, StringComparer.Ordinal),
                cancellationToken: cancellationToken
            );

    static Func<IChannel, CancellationToken, Task> Declare(string exchange) =>
        (channel, cancellationToken) =>
            channel.ExchangeDeclareAsync(
                exchange,
                ExchangeType.Fanout,
                durable: true,
                autoDelete: false,
                cancellationToken: cancellationToken
            );

    static Func<IChannel, CancellationToken, Task> BindQueue(string queue) =>
        (channel, cancellationToken) => channel.QueueBindAsync(queue, queue, routingKey: "", cancellationToken: cancellationToken);

    static Func<IChannel, CancellationToken, Task> BindExchange(string exchange, string queue) =>
        (channel, cancellationToken) => channel.ExchangeBindAsync(queue, exchange, routingKey: "", cancellationToken: cancellationToken);

    string NameOf(Type message) =>
        bus.Topology.TryGetPublishAddress(message, out var address)
            ? Listeners.QueueOf(address)
            : throw new InvalidOperationException($"{message} has no exchange.");
}

/// <summary>Declares one exchange, queue or binding.</summary>
/// <param name="What">It, for people.</param>
/// <param name="Declare">Declares it. Where it is there, that changes nothing.</param>
sealed record Declaration(string What, Func<IChannel, CancellationToken, Task> Declare);
