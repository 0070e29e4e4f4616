using MassTransit;
using MassTransit.Configuration;
using MassTransit.Context;
using MassTransit.Scheduling;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace NotificationBus.Outgoing;

/// <summary>
/// MassTransit's scheduler on the outgoing messages: <c>ScheduleSend</c>, <c>SchedulePublish</c>, <c>UseScheduledRedelivery</c>, and
/// <c>Schedule</c> in a state machine. Only hosts that dispatch (<see cref="Wiring.NotificationBusSetup.AddOutgoingDispatcher"/>) publish
/// what is due.
/// </summary>
public static class OutgoingScheduler
{
    /// <summary>Lets consumers and state machines of every endpoint schedule messages.</summary>
    /// <param name="bus">The bus of the transport, before its endpoints.</param>
    /// <param name="context">The registrations.</param>
    public static void UseOutgoingScheduler(this IConsumePipeConfigurator bus, IRegistrationContext context) =>
        bus.AddPrePipeSpecification(new SchedulerSpecification(new ScheduledInStore(context.GetRequiredService<IOutgoingMessages>())));

    /// <summary>Registers <see cref="IMessageScheduler"/> for code outside consumers.</summary>
    public static void AddOutgoingScheduler(this IBusRegistrationConfigurator bus)
    {
        bus.TryAddScoped<IScheduleMessageProvider>(provider => new OutgoingScheduleProvider(
            provider.GetRequiredService<ISendEndpointProvider>(),
            new ScheduledInStore(provider.GetRequiredService<IOutgoingMessages>())
        ));
        bus.TryAddScoped<IMessageScheduler>(provider => new MessageScheduler(
            provider.GetRequiredService<IScheduleMessageProvider>(),
            provider.GetRequiredService<IBus>().Topology
        ));
    }

    /// <summary>The scheduler of one message that is being consumed.</summary>
    internal static MessageSchedulerContext SchedulerOf(ConsumeContext context, IScheduledMessages scheduled) =>
        new ConsumeMessageSchedulerContext(
            context,
            inner => new MessageScheduler(new OutgoingScheduleProvider(inner, scheduled), inner.GetPayload<IBusTopology>())
        );

    sealed class SchedulerSpecification(IScheduledMessages scheduled) : IPipeSpecification<ConsumeContext>
    {
        public void Apply(IPipeBuilder<ConsumeContext> builder) => builder.AddFilter(new SchedulerFilter(scheduled));

        public IEnumerable<ValidationResult> Validate() => [];
    }

    sealed class SchedulerFilter(IScheduledMessages scheduled) : IFilter<ConsumeContext>
    {
        public Task Send(ConsumeContext context, IPipe<ConsumeContext> next)
        {
            context.GetOrAddPayload(() => SchedulerOf(context, scheduled));
            return next.Send(context);
        }

        public void Probe(ProbeContext context) => context.CreateFilterScope("outgoingScheduler");
    }
}
