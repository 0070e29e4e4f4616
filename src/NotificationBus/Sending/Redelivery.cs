using System.ComponentModel.DataAnnotations;

using MassTransit;
using MassTransit.Transports;

using Microsoft.Extensions.Options;

using NotificationBus.Contracts;
using NotificationBus.Intake;
using NotificationBus.Outgoing;

namespace NotificationBus.Sending;

/// <summary>Settings of <c>Redelivery</c>: when an order comes again that no provider of its channel could take.</summary>
public sealed class RedeliveryOptions
{
    /// <summary>The most the first redelivery is put off, 100 ms to 1 h, default 5 s. Each further one is put off up to twice as long.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan FirstDelay { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>The most any redelivery is put off, 1 s to 1 day, default 10 min. A provider that asks for longer gets it.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan LongestDelay { get; set; } = TimeSpan.FromMinutes(10);
}

/// <summary>
/// Puts an order off: it is kept with the outgoing messages until it is due, and holds no broker message and no thread meanwhile.
/// </summary>
public sealed class Redelivery(IOutgoingMessages outgoing, IOptions<RedeliveryOptions> options, TimeProvider clock, Random chance)
{
    /// <summary>
    /// When the order should come again: exponential with full jitter, so that what a provider turned away together does not come
    /// back together (Exponential Backoff And Jitter, AWS Architecture Blog), and not before the provider wants it.
    /// </summary>
    /// <returns>Null when that would be too late for the notification.</returns>
    public DateTimeOffset? Next(SendDelivery order, TimeSpan? retryAfter)
    {
        var (first, longest) = (options.Value.FirstDelay, options.Value.LongestDelay);
        var most = first.TotalSeconds * Math.Pow(2, Math.Min(order.Redeliveries, 30));
        var delay = TimeSpan.FromSeconds(Math.Min(most, longest.TotalSeconds) * chance.NextDouble());
        var due = clock.GetUtcNow() + (retryAfter > delay ? retryAfter.Value : delay);
        return due < order.ExpiresAt ? due : null;
    }

    /// <summary>Keeps an order until it is due. Under an id that is the same when the order that is put off comes twice.</summary>
    public async Task PutOff(ConsumeContext<SendDelivery> context, SendDelivery order, DateTimeOffset dueAt)
    {
        var endpoint = (ITransportSendEndpoint)await context.ReceiveContext.SendEndpointProvider.GetSendEndpoint(ChannelEndpoint.Of(order.Channel));
        var message = await endpoint.CreateSendContext(order, Pipe.Empty<SendContext<SendDelivery>>(), context.CancellationToken);
        var id = DeterministicId.From("redelivery", $"{context.InputId():N}");
        await outgoing.Schedule([OutgoingMessage.From(message, id, dueAt)], context.CancellationToken);
    }
}
