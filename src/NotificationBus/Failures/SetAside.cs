using MassTransit;
using MassTransit.Middleware.Rescue;
using MassTransit.Transports;

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

    /// <summary>Has the queue set aside what is too large, what fails, and what nobody takes.</summary>
    public static void SetAsideWhatFails(this IReceiveEndpointConfigurator endpoint, string queue)
    {
        endpoint.ConfigureReceive(receive => receive.UseFilter(new WhatIsTooLarge(queue)));
        endpoint.ConfigureError(error => error.UseFilter(new WhatFails(queue)));
        endpoint.ConfigureDeadLetter(unconsumed => unconsumed.UseFilter(new WhatNobodyTakes(queue)));
    }

    static async Task Move(ExceptionReceiveContext context, string queue)
    {
        if (!context.IsFaulted)
            await context.NotifyFaulted(context.Exception);

        if (!context.TryGetPayload(out IErrorTransport? transport))
            throw new TransportException(context.InputAddress, "The transport cannot set messages aside");

        var explanation = FailureExplanation.Of(context.Exception, queue);
        var headers = context.ExceptionHeaders;
        headers.Set(FailureHeaders.FailureId, Guid.CreateVersion7().ToString());
        headers.Set(FailureHeaders.Queue, queue);
        headers.Set(FailureHeaders.Kind, explanation.Kind.ToString());
        headers.Set(FailureHeaders.Cause, explanation.Cause);
        headers.Set(FailureHeaders.ExceptionType, explanation.ExceptionType);
        headers.Set(FailureHeaders.Reason, explanation.Reason);
        // The transport in memory keeps no header of the message itself.
        if (context.TransportHeaders.TryGetHeader(FailureHeaders.ReplayOf, out var replayOf))
            headers.Set(FailureHeaders.ReplayOf, replayOf);

        // The longest of all. A producer's own headers may fill most of the frame all headers must fit in.
        headers.Set(MessageHeaders.FaultStackTrace, null);
        await transport.Send(context);
    }

    sealed class WhatFails(string queue) : IFilter<ExceptionReceiveContext>
    {
        public async Task Send(ExceptionReceiveContext context, IPipe<ExceptionReceiveContext> next)
        {
            await Move(context, queue);
            await next.Send(context);
        }

        public void Probe(ProbeContext context) => context.CreateFilterScope("setAsideWhatFails");
    }

    sealed class WhatNobodyTakes(string queue) : IFilter<ReceiveContext>
    {
        public async Task Send(ReceiveContext context, IPipe<ReceiveContext> next)
        {
            await Move(new RescueExceptionReceiveContext(context, new MessageNotConsumedException(context.InputAddress)), queue);
            await next.Send(context);
        }

        public void Probe(ProbeContext context) => context.CreateFilterScope("setAsideWhatNobodyTakes");
    }

    sealed class WhatIsTooLarge(string queue) : IFilter<ReceiveContext>
    {
        public Task Send(ReceiveContext context, IPipe<ReceiveContext> next) =>
            context.Body.Length > LargestBody
                ? Move(new RescueExceptionReceiveContext(context, new MessageTooLargeException(context.Body.Length.Value)), queue)
                : next.Send(context);

        public void Probe(ProbeContext context) => context.CreateFilterScope("setAsideWhatIsTooLarge");
    }
}

/// <summary>The message is larger than any message of the flow.</summary>
/// <param name="length">In bytes.</param>
public sealed class MessageTooLargeException(long length)
    : System.Runtime.Serialization.SerializationException($"the body has {length} bytes, at most {SetAside.LargestBody} are read");
