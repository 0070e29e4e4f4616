using System.Data.Common;

using MassTransit;

using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

using NotificationBus.Messaging;

namespace NotificationBus.Failures;

/// <summary>
/// Takes what was set aside, as bytes, and records it; only then is it acknowledged. While the record cannot be written the messages
/// stay in their queue.
/// </summary>
sealed partial class FailedMessageRecorder(IFailedMessages record, FailureReader reader, IHostApplicationLifetime lifetime, TimeProvider clock, ILogger<FailedMessageRecorder> log)
{
    static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    const string NoHeaders = """{"not recorded":true}""";

    // Less than the 30 minutes after which RabbitMQ takes a message away from a consumer that holds it. Then it is given back,
    // and comes again.
    static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(25);

    /// <summary>The filter of one endpoint. It is the only one there: nothing behind it could fail to read the message.</summary>
    public IFilter<ReceiveContext> FilterOf(string endpoint) => new Filter(this, endpoint);

    /// <summary>Records a message whose headers are too long for it to be moved, from where it is.</summary>
    /// <param name="context">The message.</param>
    /// <param name="queue">Where it failed.</param>
    /// <param name="explanation">Why.</param>
    /// <param name="longestHeaders">How long the headers may be, in characters, for the message to be moved.</param>
    /// <returns>False when it can be moved, and nothing was recorded.</returns>
    public async Task<bool> RecordedInPlace(ReceiveContext context, string queue, FailureExplanation explanation, int longestHeaders)
    {
        if (FailureReader.HeadersOf(context).Length <= longestHeaders)
            return false;

        await Record(reader.Read(context, queue, explanation));
        return true;
    }

    async Task Record(Failure failure)
    {
        var giveBack = clock.GetUtcNow() + LongestWait;
        while (true)
        {
            try
            {
                await record.Record(failure, lifetime.ApplicationStopping);
                Recorded(failure.Id, failure.Queue, failure.Explanation.Kind, failure.Explanation.Cause);
                return;
            }
            catch (DbException exception) when (!Outages.Passes(exception) && failure.Headers != NoHeaders)
            {
                // Nothing that is known of can bring it here. If something does, body and reason matter more than the rest.
                NotRecorded(exception, failure.Queue);
                failure = failure with { ReplayOf = null, MessageId = null, MessageTypes = [], ContentType = null, Headers = NoHeaders };
            }
            catch (Exception exception) when (clock.GetUtcNow() < giveBack && !lifetime.ApplicationStopping.IsCancellationRequested)
            {
                NotRecorded(exception, failure.Queue);
                await Task.Delay(Pause, clock, lifetime.ApplicationStopping);
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "A message failed on {Queue} and is kept as {Id}: {Kind}, {Cause}")]
    partial void Recorded(Guid id, string queue, FailureKind kind, string cause);

    [LoggerMessage(LogLevel.Warning, "A message that failed on {Queue} could not be recorded, and is tried again")]
    partial void NotRecorded(Exception exception, string queue);

    sealed class Filter(FailedMessageRecorder recorder, string endpoint) : IFilter<ReceiveContext>
    {
        public Task Send(ReceiveContext context, IPipe<ReceiveContext> next) => recorder.Record(recorder.ReadOrTakeAsItIs(context, endpoint));

        public void Probe(ProbeContext context) => context.CreateFilterScope("recordFailedMessage");
    }

    Failure ReadOrTakeAsItIs(ReceiveContext context, string endpoint)
    {
        try
        {
            return reader.Read(context, endpoint);
        }
        catch (Exception exception)
        {
            var id = Guid.CreateVersion7();
            return new Failure { Id = id, FailureId = id, Queue = endpoint, Explanation = FailureExplanation.Of(exception, endpoint), Body = context.Body.GetBytes() };
        }
    }
}
