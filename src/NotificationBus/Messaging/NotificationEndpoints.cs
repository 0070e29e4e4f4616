using System.Data.Common;

using MassTransit;
using MassTransit.Configuration;
using MassTransit.Middleware;
using MassTransit.Saga;

using Microsoft.Extensions.DependencyInjection;

using NotificationBus.Contracts;
using NotificationBus.Intake;
using NotificationBus.Saga;
using NotificationBus.Saga.Persistence;
using NotificationBus.Sending;

namespace NotificationBus.Messaging;

/// <summary>The queues of the flow and what listens on them, the same on every transport.</summary>
public static class NotificationEndpoints
{
    /// <summary>The queue of the saga.</summary>
    public const string SagaQueue = "notifications";

    // A step is short and waits for the database most of the time.
    const int SagaConcurrency = 32;

    // Two results of one notification at the same moment would race for its row; the loser would work twice.
    const int SagaPartitions = 64;

    /// <summary>Registers the saga and the consumer.</summary>
    public static void AddNotificationFlow(this IBusRegistrationConfigurator bus)
    {
        bus.AddConsumer<SendDeliveryConsumer>();
        bus.AddSagaStateMachine<NotificationStateMachine, NotificationState>().Repository(repository =>
        {
            repository.RegisterLoadSagaRepository<NotificationState, NotificationRepository>();
            repository.RegisterSagaRepository<NotificationState, INotificationStore, SagaConsumeContextFactory<INotificationStore, NotificationState>, NotificationRepository>();
        });
    }

    /// <summary>Declares the saga's queue and one queue for each channel.</summary>
    /// <param name="bus">The bus of the transport.</param>
    /// <param name="context">The registrations.</param>
    /// <param name="declare">What the transport says about every queue.</param>
    /// <param name="saga">Whether this host runs the saga.</param>
    /// <param name="sender">Whether this host sends.</param>
    public static void ReceiveNotifications<TEndpoint>(this IReceiveConfigurator<TEndpoint> bus, IRegistrationContext context, Action<TEndpoint> declare, bool saga = true, bool sender = true)
        where TEndpoint : IReceiveEndpointConfigurator
    {
        if (saga)
            bus.ReceiveSaga(context, declare);
        if (sender)
            bus.ReceiveOrders(context, declare);
    }

    static void ReceiveSaga<TEndpoint>(this IReceiveConfigurator<TEndpoint> bus, IRegistrationContext context, Action<TEndpoint> declare)
        where TEndpoint : IReceiveEndpointConfigurator =>
        bus.ReceiveEndpoint(SagaQueue, (TEndpoint endpoint) =>
        {
            declare(endpoint);
            endpoint.PrefetchCount = SagaConcurrency * 2;
            endpoint.ConcurrentMessageLimit = SagaConcurrency;
            PartitionByNotification(endpoint, context);
            RetryWhatPasses(endpoint);
            endpoint.ConfigureSaga<NotificationState>(context);
        });

    static void ReceiveOrders<TEndpoint>(this IReceiveConfigurator<TEndpoint> bus, IRegistrationContext context, Action<TEndpoint> declare)
        where TEndpoint : IReceiveEndpointConfigurator
    {
        var options = context.GetRequiredService<IReadOnlyDictionary<string, ChannelOptions>>();
        foreach (var channel in context.GetRequiredService<ChannelSet>().All)
        {
            bus.ReceiveEndpoint(ChannelEndpoint.QueueOf(channel.Name), (TEndpoint endpoint) =>
            {
                declare(endpoint);
                // Orders are sent to the queue's own exchange; nobody publishes them.
                endpoint.ConfigureConsumeTopology = false;
                endpoint.PrefetchCount = options[channel.Name].Concurrency * 2;
                endpoint.ConcurrentMessageLimit = options[channel.Name].Concurrency;
                RetryWhatPasses(endpoint);
                endpoint.ConfigureConsumer<SendDeliveryConsumer>(context);
            });
        }
    }

    /// <summary>
    /// Lost races, and outages of the servers. Everything else would fail again, and goes to the error queue at once: an outage is
    /// not poison, so it is waited out for longer than it should ever take, and for less than the 30 minutes after which
    /// RabbitMQ takes a message away from a consumer that holds it.
    /// </summary>
    static void RetryWhatPasses(IReceiveEndpointConfigurator endpoint)
    {
        endpoint.UseMessageRetry(retry =>
        {
            retry.Handle<DbException>(Outages.Passes);
            retry.Handle<BrokerUnavailableException>();
            retry.Exponential(300, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(5), TimeSpan.FromMilliseconds(250));
        });
        endpoint.UseMessageRetry(retry =>
        {
            retry.Handle<ConcurrencyException>();
            retry.Intervals(5, 10, 25, 50, 100, 250, 500, 1000, 2000, 5000);
        });
    }

    static void PartitionByNotification(IReceiveEndpointConfigurator endpoint, IRegistrationContext context)
    {
        var partitioner = new Partitioner(SagaPartitions, new Murmur3UnsafeHashGenerator());
        endpoint.UsePartitioner<DeliverySent>(partitioner, result => result.Message.NotificationId);
        endpoint.UsePartitioner<DeliveryFailed>(partitioner, result => result.Message.NotificationId);
        endpoint.UsePartitioner<DeliveryExpired>(partitioner, result => result.Message.NotificationId);
        endpoint.UsePartitioner<Fault<SendDelivery>>(partitioner, fault => fault.Message.Message.NotificationId);
        foreach (var map in context.GetServices<IEventMap>())
            map.Accept(new PartitionEvent(endpoint, partitioner));
    }

    sealed class PartitionEvent(IReceiveEndpointConfigurator endpoint, IPartitioner partitioner) : IEventMapVisitor<bool>
    {
        public bool Visit<TEvent>(EventMap<TEvent> map)
            where TEvent : class
        {
            endpoint.UsePartitioner<TEvent>(partitioner, happened => map.NotificationId(happened.Message, happened.InputId()));
            return true;
        }
    }
}
