using System.Runtime.ExceptionServices;

using MassTransit;
using MassTransit.Middleware.Rescue;
using MassTransit.Transports;

using NotificationBus.Messaging;

namespace NotificationBus.Failures;

/// <summary>
/// The way a message takes that a queue of the flow cannot get rid of otherwise: into the queue of failed messages, with the reason
/// written on it. MassTransit's own way has two queues for each queue, tells nobody which, and publishes faults to addresses
/// that stand in the message.
/// </summary>
static class SetAside
{
    /// <summary>A message of the flow is some kilobytes. What is larger than this is not read at all.</summary>
    public const int LargestBody = 1024 * 1024;

    /// <summary>
    /// All headers of a message must fit in one frame, of 128 KB by default, and a message that is moved gets some more. When they do
    /// not fit the broker closes the connection, and the message comes back.
    /// </summary>
    public const int LongestHeaders = 64 * 1024;

    /// <summary>Has the queue set aside what is too large, what ends the process, what fails, and what nobody takes.</summary>
    /// <param name="endpoint">The queue's endpoint.</param>
    /// <param name="queue">The queue.</param>
    /// <param name="recorder">Records what cannot be moved.</param>
    /// <param name="quarantine">Knows what ends the process.</param>
    public static void SetAsideWhatFails(this IReceiveEndpointConfigurator endpoint, string queue, FailedMessageRecorder recorder, Quarantine quarantine)
    {
        var aside = new Place(queue, recorder);
        endpoint.ConfigureReceive(receive => receive.UseFilter(new WhatIsTooLarge(aside)));
        endpoint.ConfigureReceive(receive => receive.UseFilter(new WhatEndsTheProcess(aside, quarantine)));
        endpoint.ConfigureError(error => error.UseFilter(new WhatFails(aside)));
        endpoint.ConfigureDeadLetter(unconsumed => unconsumed.UseFilter(new WhatNobodyTakes(aside)));
    }

    static async Task Move(ExceptionReceiveContext context, Place from)
    {
        if (!context.IsFaulted)
            await context.NotifyFaulted(context.Exception);

        if (!context.TryGetPayload(out IErrorTransport? transport))
            throw new TransportException(context.InputAddress, "The transport cannot set messages aside");

        var explanation = FailureExplanation.Of(context.Exception, from.Queue);
        if (await from.Recorder.RecordedInPlace(context, from.Queue, explanation, LongestHeaders))
            return;

        var headers = context.ExceptionHeaders;
        headers.Set(FailureHeaders.FailureId, Guid.CreateVersion7().ToString());
        headers.Set(FailureHeaders.Queue, from.Queue);
        headers.Set(FailureHeaders.Kind, explanation.Kind.ToString());
        headers.Set(FailureHeaders.Cause, explanation.Cause);
        headers.Set(FailureHeaders.ExceptionType, explanation.ExceptionType);
        headers.Set(FailureHeaders.Reason, explanation.Reason);
        // The transport in memory keeps no header of the message itself.
        if (context.TransportHeaders.TryGetHeader(FailureHeaders.ReplayOf, out var replayOf))
            headers.Set(FailureHeaders.ReplayOf, replayOf);

        // MassTransit writes down the exception's own text, which may be long and may quote an address.
        headers.Set(MessageHeaders.FaultMessage, explanation.Reason);
        headers.Set(MessageHeaders.FaultStackTrace, null);
        await transport.Send(context);
    }

    sealed record Place(string Queue, FailedMessageRecorder Recorder);

    sealed class WhatFails(Place from) : IFilter<ExceptionReceiveContext>
    {
        public async Task Send(ExceptionReceiveContext context, IPipe<ExceptionReceiveContext> next)
        {
            // An outage is not the message's fault, however long it lasts: thrown, it gives the message back to the broker.
            if (Outages.IsOutage(context.Exception))
                ExceptionDispatchInfo.Throw(context.Exception);

            await Move(context, from);
            await next.Send(context);
        }

        public void Probe(ProbeContext context) => context.CreateFilterScope("setAsideWhatFails");
    }

    sealed class WhatNobodyTakes(Place from) : IFilter<ReceiveContext>
    {
        public async Task Send(ReceiveContext context, IPipe<ReceiveContext> next)
        {
            await Move(new RescueExceptionReceiveContext(context, new MessageNotConsumedException(context.InputAddress)), from);
            await next.Send(context);
        }

        public void Probe(ProbeContext context) => context.CreateFilterScope("setAsideWhatNobodyTakes");
    }

    sealed class WhatIsTooLarge(Place from) : IFilter<ReceiveContext>
    {
        public Task Send(ReceiveContext context, IPipe<ReceiveContext> next) =>
            context.Body.Length > LargestBody
                ? Move(new RescueExceptionReceiveContext(context, new MessageTooLargeException(context.Body.Length.Value)), from)
                : next.Send(context);

        public void Probe(ProbeContext context) => context.CreateFilterScope("setAsideWhatIsTooLarge");
    }

    sealed class WhatEndsTheProcess(Place from, Quarantine quarantine) : IFilter<ReceiveContext>
    {
        public Task Send(ReceiveContext context, IPipe<ReceiveContext> next) =>
            quarantine.Handle(context, from.Queue, () => next.Send(context), exception => Move(new RescueExceptionReceiveContext(context, exception), from));

        public void Probe(ProbeContext context) => context.CreateFilterScope("setAsideWhatEndsTheProcess");
    }
}

/// <summary>The message is larger than any message of the flow.</summary>
/// <param name="length">In bytes.</param>
public sealed class MessageTooLargeException(long length)
    : System.Runtime.Serialization.SerializationException($"the body has {length} bytes, at most {SetAside.LargestBody} are read");
