using System.Runtime.ExceptionServices;
using MassTransit;
using NotificationBus.Intake;
using NotificationBus.Messaging;

namespace NotificationBus.Failures;

/// <summary>
/// The way a message takes that a queue of the flow cannot get rid of otherwise: into the queue of failed messages, with the reason
/// written on it. MassTransit's own way has two queues for each queue, tells nobody which, and publishes faults to addresses
/// that stand in the message.
/// </summary>
static class DeadLettering
{
    /// <summary>Has the queue set aside what is too large, what ends the process, what fails, and what nobody takes.</summary>
    /// <param name="endpoint">The queue's endpoint.</param>
    /// <param name="queue">The queue.</param>
    /// <param name="recorder">Records what cannot be moved.</param>
    /// <param name="quarantine">Knows what ends the process.</param>
    public static void DeadLetterWhatFails(
        this IReceiveEndpointConfigurator endpoint,
        string queue,
        FailedMessageRecorder recorder,
        Quarantine quarantine
    )
    {
        var aside = new Place(queue, recorder);
        endpoint.ConfigureReceive(receive => receive.UseFilter(new WhatIsTooLarge(aside)));
        endpoint.ConfigureReceive(receive => receive.UseFilter(new WhatEndsTheProcess(aside, quarantine)));
        endpoint.ConfigureError(error => error.UseFilter(new WhatFails(aside)));
        endpoint.ConfigureDeadLetter(unconsumed => unconsumed.UseFilter(new WhatNobodyTakes(aside)));
    }

    /// <summary>
    /// The length of a body as it was sent. Of one that is not kept whole, a transport may bring only what is kept, and say so.
    /// </summary>
    static long LengthOf(ReceiveContext context)
    {
        var there = context.Body.Length ?? 0;
        return there == PartlyKept.Beginning && FailureHeaders.LengthIn(context) is { } length && length > PartlyKept.LargestWhole
            ? length
            : there;
    }

    static async Task Move(ReceiveContext context, Exception exception, Place from)
    {
        if (!context.IsFaulted)
            await context.NotifyFaulted(exception);

        await from.Recorder.SetAside(context, from.Queue, FailureExplanation.Of(exception, from.Queue));
    }

    sealed record Place(string Queue, FailedMessageRecorder Recorder);

    sealed class WhatFails(Place from) : IFilter<ExceptionReceiveContext>
    {
        public async Task Send(ExceptionReceiveContext context, IPipe<ExceptionReceiveContext> next)
        {
            // An outage is not the message's fault, however long it lasts: thrown, it gives the message back to the broker.
            if (Outages.IsOutage(context.Exception))
                ExceptionDispatchInfo.Throw(context.Exception);

            await Move(context, context.Exception, from);
            await next.Send(context);
        }

        public void Probe(ProbeContext context) => context.CreateFilterScope("setAsideWhatFails");
    }

    sealed class WhatNobodyTakes(Place from) : IFilter<ReceiveContext>
    {
        public async Task Send(ReceiveContext context, IPipe<ReceiveContext> next)
        {
            await Move(context, new MessageNotConsumedException(context.InputAddress), from);
            await next.Send(context);
        }

        public void Probe(ProbeContext context) => context.CreateFilterScope("setAsideWhatNobodyTakes");
    }

    sealed class WhatIsTooLarge(Place from) : IFilter<ReceiveContext>
    {
        public Task Send(ReceiveContext context, IPipe<ReceiveContext> next) =>
            LengthOf(context) is var length && length > EnvelopeReader.LargestBody
                ? Move(context, new MessageTooLargeException(length), from)
                : next.Send(context);

        public void Probe(ProbeContext context) => context.CreateFilterScope("setAsideWhatIsTooLarge");
    }

    sealed class WhatEndsTheProcess(Place from, Quarantine quarantine) : IFilter<ReceiveContext>
    {
        public Task Send(ReceiveContext context, IPipe<ReceiveContext> next) =>
            quarantine.Handle(context, from.Queue, () => next.Send(context), exception => Move(context, exception, from));

        public void Probe(ProbeContext context) => context.CreateFilterScope("setAsideWhatEndsTheProcess");
    }
}

/// <summary>The message is larger than any message of the flow.</summary>
/// <param name="length">In bytes.</param>
public sealed class MessageTooLargeException(long length)
    : System.Runtime.Serialization.SerializationException(
        length > PartlyKept.LargestWhole
            ? $"the body has {length} bytes, at most {EnvelopeReader.LargestBody} are read; its first {PartlyKept.Beginning} are kept, "
                + "and so it cannot be replayed"
            : $"the body has {length} bytes, at most {EnvelopeReader.LargestBody} are read"
    );
