using System.Data.Common;
using MassTransit;
using MassTransit.Serialization;
using Microsoft.Extensions.DependencyInjection;
using NotificationBus.Contracts;
using NotificationBus.Failures;
using NotificationBus.InProcess;
using NotificationBus.Intake;
using NotificationBus.Messaging;
using NotificationBus.Model;
using NotificationBus.Notifications;
using NotificationBus.Outgoing;
using NotificationBus.Planning;
using NotificationBus.Providers;
using NotificationBus.Receipts;
using NotificationBus.Saga;
using NotificationBus.Sending;

namespace NotificationBus.Wiring;

/// <summary>The queues of the flow and what listens on them, the same on every transport.</summary>
public static class NotificationEndpoints
{
    const int RecordingConcurrency = 8;

    const int ReceiptConcurrency = 16;

    /// <summary>Registers the consumers.</summary>
    /// <param name="bus">The bus.</param>
    /// <param name="saga">Whether this host runs the saga, and so has a <see cref="LocalSagaDispatcher"/>.</param>
    public static void AddNotificationFlow(this IBusRegistrationConfigurator bus, bool saga = true)
    {
        bus.AddOutgoingScheduler();
        bus.AddConsumer<SendDeliveryConsumer>();
        bus.AddConsumer<SendDeliveriesConsumer>();
        bus.AddConsumer<ReceiptConsumer>();
        if (saga)
            bus.AddConsumer<DeliveryResultsConsumer>();
        bus.AddConsumer<CancelNotificationConsumer>();
        bus.AddConsumer<WithdrawNotificationsConsumer>();
    }

    /// <summary>Declares the saga's queues and those of each channel, one for each lane, and the one of what failed in them.</summary>
    /// <param name="bus">The bus of the transport.</param>
    /// <param name="context">The registrations.</param>
    /// <param name="declare">What the transport says about every queue.</param>
    /// <param name="saga">Whether this host runs the saga.</param>
    /// <param name="sender">Whether this host sends.</param>
    public static void ReceiveNotifications<TEndpoint>(
        this IBusFactoryConfigurator<TEndpoint> bus,
        IRegistrationContext context,
        Action<TEndpoint> declare,
        bool saga = true,
        bool sender = true
    )
        where TEndpoint : IReceiveEndpointConfigurator
    {
        var envelopes = new EnvelopeReader(SystemTextJsonMessageSerializer.JsonContentType, EnvelopeReader.UsualDepth);
        bus.AddSerializer(envelopes);
        bus.AddDeserializer(envelopes, isDefault: true);
        bus.AddDeserializer(
            new EnvelopeReader(CommandBundle.ContentType, EnvelopeReader.UsualDepth + CommandBundle.Depth, CommandBundle.MostCommands)
        );
        bus.SendTopology.ErrorQueueNameFormatter = OneQueue.Name;
        bus.SendTopology.DeadLetterQueueNameFormatter = OneQueue.Name;
        bus.RecordFailedMessages(FailedMessageEndpoint.Queue, context, declare);
        if (saga)
            bus.ReceiveReceipts(context, declare);
        foreach (var lane in Enum.GetValues<Lane>())
        {
            if (saga)
                bus.ReceiveEvents(context, declare, lane);
            if (sender)
                bus.ReceiveCommands(context, declare, lane);
        }
    }

    /// <summary>The saga's queue of a lane.</summary>
    static void ReceiveEvents<TEndpoint>(
        this IReceiveConfigurator<TEndpoint> bus,
        IRegistrationContext context,
        Action<TEndpoint> declare,
        Lane lane
    )
        where TEndpoint : IReceiveEndpointConfigurator =>
        bus.ReceiveEndpoint(
            SagaEndpoint.QueueOf(lane),
            (TEndpoint endpoint) =>
            {
                declare(endpoint);
                Limit(endpoint, SagaEndpoint.ConcurrencyOf(lane));
                endpoint.ConfigureReceive(receive => receive.UseFilter(new HeldInput()));
                endpoint.DeadLetterWhatFails(
                    SagaEndpoint.QueueOf(lane),
                    context.GetRequiredService<FailedMessageRecorder>(),
                    context.GetRequiredService<Quarantine>()
                );
                BindEvents(endpoint, context, lane);
                foreach (var message in SagaMessages.All)
                    message.Guard(endpoint, context.GetRequiredService<IMessageApplications>());
                context.GetRequiredService<NotificationPartitions>().Use(endpoint, lane);
                RetryTransient(endpoint);
                // Not as a registered saga, whose repository would be made again for each message, in a scope of its own.
                endpoint.StateMachineSaga(
                    context.GetRequiredService<NotificationStateMachine>(),
                    context.GetRequiredService<ISagaRepository<NotificationState>>()
                );
                endpoint.ConfigureConsumer<DeliveryResultsConsumer>(context);
                endpoint.ConfigureConsumer<CancelNotificationConsumer>(context);
                endpoint.ConfigureConsumer<WithdrawNotificationsConsumer>(context);
                // As services do not know the lane of what they withdraw, it does not wait behind a campaign.
                if (lane == Lane.Transactional)
                    ReceiveWithdrawals(endpoint, context);
            }
        );

    static void ReceiveWithdrawals(IReceiveEndpointConfigurator endpoint, IRegistrationContext context)
    {
        foreach (var map in context.GetServices<IWithdrawalMap>())
            map.Accept(new ReceiveWithdrawal(endpoint, context));
    }

    sealed class ReceiveWithdrawal(IReceiveEndpointConfigurator endpoint, IRegistrationContext context) : IWithdrawalMapVisitor<bool>
    {
        public bool Visit<TEvent>(WithdrawalMap<TEvent> map)
            where TEvent : class
        {
            endpoint.Consumer(() =>
                new WithdrawingEventConsumer<TEvent>(
                    map,
                    context.GetRequiredService<WithdrawalRules>(),
                    context.GetRequiredService<Withdrawals>(),
                    context.GetRequiredService<IMessageApplications>()
                )
            );
            return true;
        }
    }

    /// <summary>The queue of receipts.</summary>
    static void ReceiveReceipts<TEndpoint>(
        this IReceiveConfigurator<TEndpoint> bus,
        IRegistrationContext context,
        Action<TEndpoint> declare
    )
        where TEndpoint : IReceiveEndpointConfigurator =>
        bus.ReceiveEndpoint(
            ReceiptEndpoint.Queue,
            (TEndpoint endpoint) =>
            {
                declare(endpoint);
                // Receipts are sent to the queue's own exchange; nobody publishes them.
                endpoint.ConfigureConsumeTopology = false;
                Limit(endpoint, ReceiptConcurrency);
                endpoint.DeadLetterWhatFails(
                    ReceiptEndpoint.Queue,
                    context.GetRequiredService<FailedMessageRecorder>(),
                    context.GetRequiredService<Quarantine>()
                );
                RetryTransient(endpoint);
                endpoint.ConfigureConsumer<ReceiptConsumer>(context);
            }
        );

    /// <summary>The queues of the channels, of a lane.</summary>
    static void ReceiveCommands<TEndpoint>(
        this IReceiveConfigurator<TEndpoint> bus,
        IRegistrationContext context,
        Action<TEndpoint> declare,
        Lane lane
    )
        where TEndpoint : IReceiveEndpointConfigurator
    {
        var options = context.GetRequiredService<IReadOnlyDictionary<string, ChannelOptions>>();
        var sender = context.GetRequiredService<SenderOptions>();
        foreach (var channel in context.GetRequiredService<ChannelSet>().All.Where(channel => sender.Serves(channel.Name)))
        {
            bus.ReceiveEndpoint(
                ChannelEndpoint.QueueOf(channel.Name, lane),
                (TEndpoint endpoint) =>
                {
                    declare(endpoint);
                    // Commands are sent to the queue's own exchange; nobody publishes them.
                    endpoint.ConfigureConsumeTopology = false;
                    // Each may bring CommandBundle.MostCommands.
                    Limit(endpoint, options[channel.Name].MessagesAtWork(lane));
                    endpoint.ConfigureReceive(receive => receive.UseFilter(new HeldInput()));
                    endpoint.DeadLetterWhatFails(
                        ChannelEndpoint.QueueOf(channel.Name, lane),
                        context.GetRequiredService<FailedMessageRecorder>(),
                        context.GetRequiredService<Quarantine>()
                    );
                    RetryTransient(endpoint);
                    endpoint.ConfigureConsumer<SendDeliveryConsumer>(context);
                    endpoint.ConfigureConsumer<SendDeliveriesConsumer>(context);
                }
            );
        }
    }

    static void Limit(IReceiveEndpointConfigurator endpoint, int concurrency)
    {
        endpoint.PrefetchCount = concurrency;
        endpoint.ConcurrentMessageLimit = concurrency;
    }

    /// <summary>
    /// Events come through the exchange of their type to the queue of their lane. Results are sent to the queue of theirs.
    /// </summary>
    static void BindEvents(IReceiveEndpointConfigurator endpoint, IRegistrationContext context, Lane lane)
    {
        var planning = context.GetRequiredService<PlanningRules>();
        foreach (var map in context.GetServices<IEventMap>())
            endpoint.ConfigureMessageTopology(map.EventType, enabled: planning.LaneOf(map.Name) == lane);

        foreach (var message in SagaMessages.All)
            message.Bind(endpoint, lane);
    }

    /// <summary>Declares a queue whose messages go into the record as they are.</summary>
    /// <param name="bus">The bus of the transport.</param>
    /// <param name="queue">The queue.</param>
    /// <param name="context">The registrations.</param>
    /// <param name="declare">What the transport says about it.</param>
    public static void RecordFailedMessages<TEndpoint>(
        this IReceiveConfigurator<TEndpoint> bus,
        string queue,
        IRegistrationContext context,
        Action<TEndpoint> declare
    )
        where TEndpoint : IReceiveEndpointConfigurator =>
        bus.ReceiveEndpoint(
            queue,
            (TEndpoint endpoint) =>
            {
                declare(endpoint);
                endpoint.ConfigureConsumeTopology = false;
                // Few, because each may be as large as the broker lets it.
                endpoint.PrefetchCount = RecordingConcurrency;
                endpoint.ConcurrentMessageLimit = RecordingConcurrency;
                endpoint.ConfigureReceive(receive =>
                    receive.UseFilter(context.GetRequiredService<FailedMessageRecorder>().FilterOf(queue))
                );
            }
        );

    /// <summary>
    /// Lost races, and outages of the servers. Everything else would fail again, and is set aside at once. An outage is not poison: it is
    /// waited out here for less than the 30 minutes after which RabbitMQ takes a message away from a consumer that holds it; then
    /// the message is given back, and comes again.
    /// </summary>
    static void RetryTransient(IReceiveEndpointConfigurator endpoint)
    {
        endpoint.UseMessageRetry(retry =>
        {
            retry.Handle<DbException>(Outages.IsTransient);
            retry.Handle<BrokerUnavailableException>();
            retry.Exponential(300, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(5), TimeSpan.FromMilliseconds(250));
        });
        endpoint.UseMessageRetry(retry =>
        {
            retry.Handle<ConcurrencyException>();
            retry.Intervals(5, 10, 25, 50, 100, 250, 500, 1000, 2000, 5000);
        });
    }

    /// <summary>The queue name of what fails: the same for any queue; the message says where it comes from.</summary>
    sealed class OneQueue : IErrorQueueNameFormatter, IDeadLetterQueueNameFormatter
    {
        public static OneQueue Name { get; } = new();

        public string FormatErrorQueueName(string queueName) => FailedMessageEndpoint.Queue;

        public string FormatDeadLetterQueueName(string queueName) => FailedMessageEndpoint.Queue;
    }
}
