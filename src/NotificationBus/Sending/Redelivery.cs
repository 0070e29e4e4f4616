using System.ComponentModel.DataAnnotations;

using MassTransit;
using MassTransit.Transports;

using Microsoft.Extensions.Options;

using NotificationBus.Contracts;
using NotificationBus.Intake;
using NotificationBus.Outgoing;

namespace NotificationBus.Sending;

/// <summary>Settings of <c>Redelivery</c>: when a delivery comes again that no provider of its channel could take.</summary>
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
/// Puts a command off: it is kept with the outgoing messages until it is due, and holds no broker message and no thread meanwhile.
/// </summary>
public sealed class Redelivery(
    IOutgoingMessages outgoing,
    ChannelSet channels,
    IReadOnlyDictionary<string, ChannelOptions> channelOptions,
    IOptions<RedeliveryOptions> options,
    TimeProvider clock,
    Random chance)
{
    /// <summary>When the command should come again, and not before there is a chance.</summary>
    /// <returns>Null when that would be too late for the notification.</returns>
    public DateTimeOffset? Next(SendDelivery command, TimeSpan? atLeast) =>
        InTime(command, clock.GetUtcNow() + (DelaysOf(command.Channel) is { Count: > 0 } delays ? Listed(delays, command, atLeast) : Exponential(command, atLeast)));

    IReadOnlyList<TimeSpan> DelaysOf(string channel) =>
        channelOptions.GetValueOrDefault(channel)?.RedeliveryDelays is { Count: > 0 } set ? set : channels.Find(channel)?.RedeliveryDelays ?? [];

    /// <summary>The next delay of the list, a fifth more or less (as Svix does, who wrote Standard Webhooks with others).</summary>
    TimeSpan Listed(IReadOnlyList<TimeSpan> delays, SendDelivery command, TimeSpan? atLeast)
    {
        var delay = delays[Math.Min(command.Redeliveries, delays.Count - 1)] * (0.8 + 0.4 * chance.NextDouble());
        return atLeast > delay ? atLeast.Value : delay;
    }

    /// <summary>
    /// Exponential with full jitter, so that what a provider turned away together does not come back together (Exponential Backoff And
    /// Jitter, AWS Architecture Blog).
    /// </summary>
    TimeSpan Exponential(SendDelivery command, TimeSpan? atLeast)
    {
        var (first, longest) = (options.Value.FirstDelay, options.Value.LongestDelay);
        var most = first.TotalSeconds * Math.Pow(2, Math.Min(command.Redeliveries, 30));
        // Where it is known how long, chance need not keep them apart for longer than a multiple of that.
        if (atLeast is { } known)
            most = Math.Min(most, Math.Max(first.TotalSeconds, 2 * known.TotalSeconds));
        return (atLeast ?? TimeSpan.Zero) + TimeSpan.FromSeconds(Math.Min(most, longest.TotalSeconds) * chance.NextDouble());
    }

    /// <summary>The time itself, or null when it is too late for the notification.</summary>
    public static DateTimeOffset? InTime(SendDelivery command, DateTimeOffset dueAt) => dueAt < command.ExpiresAt ? dueAt : null;

    /// <summary>Keeps a command until it is due. Under an id that is the same when the command that is put off comes twice.</summary>
    /// <param name="context">The command that is put off.</param>
    /// <param name="command">What is to come instead.</param>
    /// <param name="dueAt">When.</param>
    /// <param name="why">What it waits for, for a person to read. Names no address.</param>
    /// <param name="waitsFor">What may bring it back earlier; null when only time does.</param>
    public async Task PutOff(ConsumeContext<SendDelivery> context, SendDelivery command, DateTimeOffset dueAt, string why, string? waitsFor = null)
    {
        var endpoint = (ITransportSendEndpoint)await context.ReceiveContext.SendEndpointProvider.GetSendEndpoint(ChannelEndpoint.Of(command.Channel, command.Lane));
        var message = await endpoint.CreateSendContext(command with { WaitingFor = why }, Pipe.Empty<SendContext<SendDelivery>>(), context.CancellationToken);
        var id = DeterministicId.From("redelivery", $"{context.InputId():N}");
        await outgoing.Schedule([OutgoingMessage.From(message, id, dueAt) with { WaitsFor = waitsFor }], context.CancellationToken);
    }
}
