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
sealed partial class FailedMessageRecorder(
    IFailedMessages record,
    FailureReader reader,
    FailedMessageQueue aside,
    Rejections rejections,
    IHostApplicationLifetime lifetime,
    TimeProvider clock,
    ILogger<FailedMessageRecorder> log
)
{
    static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    static readonly TimeSpan SayAgain = TimeSpan.FromMinutes(1);

    long _said = -SayAgain.Ticks;

    const string NoHeaders = """{"not recorded":true}""";

    /// <summary>The filter of one endpoint. It is the only one there: nothing behind it could fail to read the message.</summary>
    public IFilter<ReceiveContext> FilterOf(string endpoint) => new Filter(this, endpoint);

    /// <summary>
    /// Sets a message aside that is where it failed: into the queue of failed messages, or, when its headers do not fit or the broker does
    /// not take it for whatever reason, into the record at once.
    /// </summary>
    public async Task SetAside(ReceiveContext context, string queue, FailureExplanation explanation)
    {
        var failure = ReadOrTakeAsItIs(context, queue, () => reader.Read(context, queue, explanation), _ => explanation);
        if (FailedMessageQueue.Carries(failure) && await IsTaken(context, failure))
            return;

        try
        {
            await Record(failure, orNoRoom: true);
        }
        catch (NoRoomException)
        {
            // Its queue must not wait for an operator. Where the others wait there is a place for it, without its headers.
            await aside.Put(failure with { Headers = NoHeaders });
        }
    }

    async Task<bool> IsTaken(ReceiveContext context, Failure failure)
    {
        try
        {
            await aside.Put(failure);
            return true;
        }
        // When the connection is lost, the message comes again, and is set aside then.
        catch (Exception exception) when (!context.CancellationToken.IsCancellationRequested)
        {
            NotTaken(exception, failure.Queue);
            return false;
        }
    }

    async Task Record(Failure failure, bool orNoRoom = false)
    {
        var giveBack = clock.Steady() + Outages.LongestHold;
        while (true)
        {
            try
            {
                await record.Record(failure, lifetime.ApplicationStopping);
                await rejections.Announce(failure, lifetime.ApplicationStopping);
                Recorded(failure.Id, failure.Queue, failure.Explanation.Kind, failure.Explanation.Cause);
                return;
            }
            catch (DbException exception) when (!Outages.IsTransient(exception) && failure.Headers != NoHeaders)
            {
                // Nothing that is known of can bring it here. If something does, body and reason matter more than the rest.
                NotRecorded(exception, failure.Queue);
                failure = failure with { ReplayOf = null, MessageId = null, MessageTypes = [], ContentType = null, Headers = NoHeaders };
            }
            catch (NoRoomException) when (orNoRoom)
            {
                throw;
            }
            catch (Exception exception) when (clock.Steady() < giveBack && !lifetime.ApplicationStopping.IsCancellationRequested)
            {
                if (SaysAgain())
                    NotRecorded(exception, failure.Queue);
                await Task.Delay(Pause, clock, lifetime.ApplicationStopping);
            }
        }
    }

    /// <summary>Once a minute is enough for all that wait.</summary>
    bool SaysAgain()
    {
        var said = Interlocked.Read(ref _said);
        var now = clock.Steady().Ticks;
        return now - said >= SayAgain.Ticks && Interlocked.CompareExchange(ref _said, now, said) == said;
    }

    [LoggerMessage(LogLevel.Warning, "A message failed on {Queue} and is kept as {Id}: {Kind}, {Cause}")]
    partial void Recorded(Guid id, string queue, FailureKind kind, string cause);

    [LoggerMessage(LogLevel.Warning, "A message that failed on {Queue} could not be recorded, and is tried again")]
    partial void NotRecorded(Exception exception, string queue);

    [LoggerMessage(
        LogLevel.Warning,
        "RabbitMQ did not take a message that failed on {Queue} into the queue of failed messages; it is recorded from where it is"
    )]
    partial void NotTaken(Exception exception, string queue);

    sealed class Filter(FailedMessageRecorder recorder, string endpoint) : IFilter<ReceiveContext>
    {
        public Task Send(ReceiveContext context, IPipe<ReceiveContext> next) => recorder.Record(recorder.ReadSetAside(context, endpoint));

        public void Probe(ProbeContext context) => context.CreateFilterScope("recordFailedMessage");
    }

    Failure ReadSetAside(ReceiveContext context, string endpoint)
    {
        var queue = FailureReader.QueueOf(context, endpoint);
        return ReadOrTakeAsItIs(context, queue, () => reader.Read(context, endpoint), exception => FailureExplanation.Of(exception, queue));
    }

    /// <summary>Nothing in a message may keep it from being recorded.</summary>
    Failure ReadOrTakeAsItIs(ReceiveContext context, string queue, Func<Failure> read, Func<Exception, FailureExplanation> explain)
    {
        try
        {
            return read();
        }
        catch (Exception exception)
        {
            return reader.TakeAsItIs(context, queue, explain(exception));
        }
    }
}
