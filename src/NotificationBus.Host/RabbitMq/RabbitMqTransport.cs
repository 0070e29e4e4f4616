using MassTransit;
using NotificationBus.Failures;
using NotificationBus.Host.Settings;
using NotificationBus.Intake;
using NotificationBus.Messaging;
using NotificationBus.Model;
using NotificationBus.Outgoing;
using NotificationBus.Wiring;

namespace NotificationBus.Host.RabbitMq;

/// <summary>The flow's use of RabbitMQ: quorum queues that drop nothing, confirmed and mandatory publishing.</summary>
static class RabbitMqTransport
{
    /// <summary>The interval at which both sides show that they are there. A broker that stands still is given up after three.</summary>
    public static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(10);

    public static void ConfigureNotificationBus(
        this IRabbitMqBusFactoryConfigurator bus,
        IBusRegistrationContext context,
        HostSettings settings
    )
    {
        var broker = context.GetRequiredService<BrokerConnections>();
        bus.Host(
            broker.Address.First,
            host =>
            {
                host.PublisherConfirmation = true;
                host.Heartbeat(Heartbeat);
                host.OnRefreshConnectionFactory = factory =>
                {
                    broker.Direct(factory);
                    return Task.CompletedTask;
                };
            }
        );
        bus.RefuseUnroutable(context);
        bus.UseOutgoingScheduler(context);
        if (!settings.IsWorker)
            return;

        var listeners = context.GetRequiredService<Listeners>();
        bus.ReceiveNotifications<IRabbitMqReceiveEndpointConfigurator>(
            context,
            endpoint => DeclareQueue(endpoint, listeners),
            settings.IsSaga,
            settings.IsSender
        );
        bus.RecordFailedMessages<IRabbitMqReceiveEndpointConfigurator>(
            FailedMessageEndpoint.DeadLetters,
            context,
            endpoint => Declare(endpoint, QueueArguments.OfDeadLetters, listeners)
        );
    }

    static void DeclareQueue(IRabbitMqReceiveEndpointConfigurator endpoint, Listeners listeners)
    {
        Declare(endpoint, QueueArguments.Working, listeners);
        endpoint.BindDeadLetterQueue(
            FailedMessageEndpoint.DeadLetters,
            FailedMessageEndpoint.DeadLetters,
            queue =>
            {
                foreach (var (argument, value) in QueueArguments.OfDeadLetters)
                    queue.SetQueueArgument(argument, value);
            }
        );
    }

    static void Declare(
        IRabbitMqReceiveEndpointConfigurator endpoint,
        IEnumerable<KeyValuePair<string, object>> arguments,
        Listeners listeners
    )
    {
        var listener = listeners.Of(endpoint.InputAddress);
        endpoint.ConfigureChannel(channel => channel.UseFilter(new GoOnListening(listeners, listener, TimeProvider.System)));
        endpoint.ConfigureReceive(receive => receive.UseFilter(new CountUnderWay(listeners)));
        endpoint.ConfigureReceive(receive => receive.UseFilter(new AcknowledgeTogether(TimeProvider.System)));
        foreach (var (argument, value) in arguments)
            endpoint.SetQueueArgument(argument, value);
    }

    /// <summary>
    /// An exchange that nothing is bound to confirms a message and drops it. Where that would lose a notification the message
    /// is mandatory, and an unroutable one fails. The outcomes are not: nobody has to listen to them.
    /// </summary>
    static void RefuseUnroutable(this IRabbitMqBusFactoryConfigurator bus, IBusRegistrationContext context)
    {
        var names = bus.MessageTopology.EntityNameFormatter;
        var mustArrive = context
            .GetServices<IEventMap>()
            .Select(map => map.Accept(new ExchangeOf(names)))
            .Concat(context.GetServices<IWithdrawalMap>().Select(map => map.Accept(new ExchangeOf(names))))
            .Concat(NotificationQueues.All(context.GetRequiredService<ChannelSet>()))
            .Append(FailedMessageEndpoint.Queue)
            .ToHashSet(StringComparer.Ordinal);

        bus.ConfigurePublish(pipe => pipe.UseExecute(Refuse));
        bus.ConfigureSend(pipe => pipe.UseExecute(Refuse));

        void Refuse(SendContext message)
        {
            if (message.TryGetPayload(out RabbitMqSendContext? sent) && mustArrive.Contains(sent.Exchange))
                sent.Mandatory = true;
        }
    }

    sealed class ExchangeOf(IEntityNameFormatter names) : IEventMapVisitor<string>, IWithdrawalMapVisitor<string>
    {
        public string Visit<TEvent>(WithdrawalMap<TEvent> map)
            where TEvent : class => names.FormatEntityName<TEvent>();

        public string Visit<TEvent>(EventMap<TEvent> map)
            where TEvent : class => names.FormatEntityName<TEvent>();
    }
}
