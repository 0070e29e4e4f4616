using MassTransit;
using MassTransit.Configuration;
using NotificationBus.Contracts;
using NotificationBus.InProcess;
using NotificationBus.Intake;
using NotificationBus.Receipts;
using NotificationBus.Sending;

namespace NotificationBus.Saga;

/// <summary>
/// Every message the saga takes beside the events, once: its queues are bound, its steps partitioned and its instances found by this list.
/// The events have the like in their maps.
/// </summary>
/// <remarks>
/// To add one: a line here, an event of <see cref="NotificationStateMachine"/>, a verb in <see cref="NotificationVerbs"/>.
/// </remarks>
static class SagaMessages
{
    public static IReadOnlyList<SagaMessage> All { get; } =
    [
        new SagaMessage<DeliverySent>(sent => sent.NotificationId),
        new SagaMessage<DeliveryFailed>(failed => failed.NotificationId),
        new SagaMessage<DeliveryExpired>(expired => expired.NotificationId),
        new SagaMessage<DeliveryHeld>(held => held.NotificationId),
        new SagaMessage<DeliveryCancelled>(cancelled => cancelled.NotificationId),
        new SagaMessage<DeliveriesSettled>(settled => settled.NotificationId),
        new SagaMessage<DeliveriesStopped>(stopped => stopped.NotificationId),
        new SagaMessage<DecideDelivery>(decision => decision.NotificationId),
        new SagaMessage<DeliveryReceiptReceived>(received => received.NotificationId),
        new SagaMessage<EscalationDue>(due => due.NotificationId),
        new SagaMessage<ResumeNotification>(resume => resume.NotificationId),
        // MassTransit publishes it.
        new SagaMessage<Fault<SendDelivery>>(fault => fault.Message.NotificationId) { Published = Lane.Transactional },
        // Its consumers make of it what is above: each of many results alone, and what the ledger says of a cancellation. Services publish
        // the latter, do not know the lane, and it does not wait behind a campaign.
        new SagaMessage<DeliveryResults>(null),
        new SagaMessage<CancelNotification>(null) { Published = Lane.Transactional, IsOfServices = true },
        new SagaMessage<WithdrawNotifications>(null) { Published = Lane.Transactional, IsOfServices = true },
    ];

    /// <summary>The notification a message concerns.</summary>
    public static Func<TMessage, Guid> NotificationOf<TMessage>()
        where TMessage : class =>
        All.OfType<SagaMessage<TMessage>>().SingleOrDefault()?.Notification
        ?? throw new InvalidOperationException($"{typeof(TMessage).Name} is an event of the saga, and not on the list of its messages.");
}

/// <summary>A message the saga takes.</summary>
abstract class SagaMessage
{
    /// <summary>
    /// The lane through whose queue it comes when it is published. Null when it is only sent, to the queue of its own lane.
    /// </summary>
    public Lane? Published { get; init; }

    /// <summary>True when services may say it; all else is between hosts, and believed.</summary>
    public bool IsOfServices { get; init; }

    /// <summary>Null for what comes from the queue, and is not yet a step of one notification.</summary>
    public abstract Type? Step { get; }

    /// <summary>Binds the queue of a lane to it, or not.</summary>
    public abstract void Bind(IReceiveEndpointConfigurator endpoint, Lane lane);

    /// <summary>Has those of one notification taken one after the other.</summary>
    public abstract void Partition(IConsumePipeConfigurator pipe, IPartitioner partitioner);

    /// <summary>
    /// Has what is between hosts taken from hosts alone: what may be published to an exchange says nothing of the types in the body.
    /// </summary>
    public abstract void Guard(IConsumePipeConfigurator pipe, IMessageApplications applications);
}

/// <inheritdoc />
sealed class SagaMessage<TMessage>(Func<TMessage, Guid>? notification) : SagaMessage
    where TMessage : class
{
    public Func<TMessage, Guid>? Notification => notification;

    public override Type? Step => notification is null ? null : typeof(TMessage);

    public override void Bind(IReceiveEndpointConfigurator endpoint, Lane lane) =>
        endpoint.ConfigureMessageTopology<TMessage>(enabled: Published == lane);

    public override void Partition(IConsumePipeConfigurator pipe, IPartitioner partitioner)
    {
        if (notification is not null)
            pipe.UsePartitioner<TMessage>(partitioner, context => notification(context.Message));
    }

    public override void Guard(IConsumePipeConfigurator pipe, IMessageApplications applications)
    {
        if (!IsOfServices)
            pipe.AddPipeSpecification(new FilterPipeSpecification<ConsumeContext<TMessage>>(new FromHosts(applications)));
    }

    sealed class FromHosts(IMessageApplications applications) : IFilter<ConsumeContext<TMessage>>
    {
        public Task Send(ConsumeContext<TMessage> context, IPipe<ConsumeContext<TMessage>> next) =>
            applications.IsBetweenHosts(context.ReceiveContext)
                ? next.Send(context)
                : throw new NotFromAHostException(typeof(TMessage).Name);

        public void Probe(ProbeContext context) => context.CreateFilterScope("fromHosts");
    }
}

/// <summary>A message between hosts came through an exchange to which services publish.</summary>
/// <param name="type">Its type.</param>
public sealed class NotFromAHostException(string type)
    : Exception(
        $"{type} is taken from hosts alone, and this one came through an exchange to which services publish; it may be forged, and "
            + "replayed it would be believed"
    );
