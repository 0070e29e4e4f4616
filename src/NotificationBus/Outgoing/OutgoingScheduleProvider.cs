using MassTransit;
using MassTransit.Scheduling;
using MassTransit.Transports;
using NotificationBus.Model;

namespace NotificationBus.Outgoing;

/// <summary>
/// MassTransit's scheduler on the outgoing messages. What is scheduled is serialized at once: its ids, its headers and the moment
/// it expires are those of the moment it was scheduled.
/// </summary>
sealed class OutgoingScheduleProvider(ISendEndpointProvider endpoints, IScheduledMessages scheduled) : IScheduleMessageProvider
{
    public async Task<ScheduledMessage<T>> ScheduleSend<T>(
        Uri destinationAddress,
        DateTime scheduledTime,
        T message,
        IPipe<SendContext<T>> pipe,
        CancellationToken cancellationToken
    )
        where T : class
    {
        var endpoint = (ITransportSendEndpoint)await endpoints.GetSendEndpoint(destinationAddress);
        var context = await endpoint.CreateSendContext(message, pipe, cancellationToken);

        var chosen = ScheduleTokenIdCache<T>.GetTokenId(message, Guid.Empty);
        var token = chosen != Guid.Empty ? chosen : RedeliveryToken(context) ?? scheduled.NextToken();
        context.ScheduledMessageId = token;
        context.Headers.Set(MessageHeaders.SchedulingTokenId, token.ToString("D"));

        var due = new DateTimeOffset(
            scheduledTime.Kind == DateTimeKind.Local
                ? scheduledTime.ToUniversalTime()
                : DateTime.SpecifyKind(scheduledTime, DateTimeKind.Utc)
        );
        var kept = OutgoingMessage.From(context, context.MessageId!.Value, due) with { Token = token };
        await scheduled.Keep(kept, replace: chosen != Guid.Empty, cancellationToken);
        return new ScheduledMessageHandle<T>(token, scheduledTime, destinationAddress, message);
    }

    public Task CancelScheduledSend(Guid tokenId, CancellationToken cancellationToken) => scheduled.Cancel(tokenId, cancellationToken);

    public Task CancelScheduledSend(Uri destinationAddress, Guid tokenId, CancellationToken cancellationToken) =>
        scheduled.Cancel(tokenId, cancellationToken);

    /// <summary>
    /// The same when the message that is delivered again was delivered twice itself: then it is scheduled once all the same.
    /// </summary>
    static Guid? RedeliveryToken<T>(SendContext<T> context)
        where T : class
    {
        if (!context.Headers.TryGetHeader(MessageHeaders.RedeliveryCount, out var count))
            return null;

        var original = context.Headers.TryGetHeader(MessageHeaders.OriginalMessageId, out var id) ? $"{id}" : $"{context.MessageId}";
        return DeterministicId.From("redelivered", original, context.DestinationAddress!.AbsolutePath, $"{count}");
    }
}

/// <summary>The destination of a scheduled message: the store, at once, or the step of the saga that schedules it.</summary>
interface IScheduledMessages
{
    /// <summary>The token of a message that nobody has given one.</summary>
    Guid NextToken();

    /// <summary>Keeps a message until it is due.</summary>
    /// <param name="message">The message.</param>
    /// <param name="replace">Takes the place of what is kept under the same token. Otherwise that one stays.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task Keep(OutgoingMessage message, bool replace, CancellationToken cancellationToken);

    /// <summary>Forgets a message, if it was not published yet.</summary>
    Task Cancel(Guid token, CancellationToken cancellationToken);
}

/// <summary>Into the store at once.</summary>
sealed class ScheduledInStore(IOutgoingMessages outgoing) : IScheduledMessages
{
    public Guid NextToken() => Guid.CreateVersion7();

    public Task Keep(OutgoingMessage message, bool replace, CancellationToken cancellationToken) =>
        replace ? outgoing.Reschedule(message, cancellationToken) : outgoing.Schedule([message], cancellationToken);

    public Task Cancel(Guid token, CancellationToken cancellationToken) => outgoing.Cancel(token, cancellationToken);
}
