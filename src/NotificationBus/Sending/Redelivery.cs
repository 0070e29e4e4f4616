using MassTransit;
using MassTransit.Transports;
using Microsoft.Extensions.Options;
using NotificationBus.Contracts;
using NotificationBus.Intake;
using NotificationBus.Messaging;
using NotificationBus.Model;
using NotificationBus.Outgoing;
using NotificationBus.Providers;
using NotificationBus.Telemetry;
using RedeliveryOptions = NotificationBus.Providers.RedeliveryOptions;

namespace NotificationBus.Sending;

/// <summary>
/// Puts a command off: it is kept with the outgoing messages until it is due, and holds no broker message and no thread meanwhile.
/// </summary>
public sealed class Redelivery(
    IOutgoingMessages outgoing,
    ChannelSet channels,
    IReadOnlyDictionary<string, ChannelOptions> channelOptions,
    IOptions<RedeliveryOptions> options,
    TimeProvider clock,
    Random chance,
    DeliveryNews news
)
{
    // A provider that is back is noticed soon, and what waits for it is sent. How often one is asked that is not, its circuit limits.
    static readonly TimeSpan LongestInOutage = TimeSpan.FromMinutes(1);

    // Nothing else ends it as long as the provider knows it for a repetition.
    const int ManyInDoubt = 10;
    static readonly TimeSpan LongestAfterMany = TimeSpan.FromMinutes(2);

    // Less is no time to come out, wait for a turn and be sent in.
    static readonly TimeSpan ShortestLife = TimeSpan.FromSeconds(10);

    readonly RedeliverySpacing _spacing = new();

    /// <summary>
    /// Finds the time at which the command should come again, and not before there is a chance. When that would be too late for the
    /// notification, it comes when half of its time is over: what was said to take longer may be over before, and the last try is shortly
    /// before its end.
    /// </summary>
    /// <returns>Null when there is no time left, or too little to repeat what is in doubt.</returns>
    public DateTimeOffset? Next(SendDelivery command, ChainOutcome.NotNow notNow)
    {
        var delay =
            notNow.EndedInDoubt ? InDoubt(notNow)
            : DelaysOf(command.Channel) is { Count: > 0 } delays ? Listed(delays, command, notNow.AtLeast)
            : Exponential(command, notNow);
        var now = clock.GetUtcNow();
        if (notNow.WaitsForProvider)
            delay += _spacing.Take(command.Channel, now + (notNow.AtLeast ?? TimeSpan.Zero));
        var left = command.ExpiresAt - now;
        return InTime(command, now + (notNow.AtMost is { } most ? Shorter(delay, most) : delay))
            ?? (left >= ShortestLife && !notNow.EndedInDoubt ? now + left / 2 : null);
    }

    /// <summary>
    /// Three times as long each time, of which chance takes up to half: the recipient may have got it each time, so that it is not asked at
    /// once, and neither in vain for as long as a vendor's bad day lasts.
    /// </summary>
    TimeSpan InDoubt(ChainOutcome.NotNow notNow)
    {
        var longest = options.Value.LongestDelayInDoubt;
        if (notNow is { InDoubt: >= ManyInDoubt, AtMost: not null } && longest < LongestAfterMany)
            longest = LongestAfterMany;
        var most = Math.Min(options.Value.FirstDelay.TotalSeconds * Math.Pow(3, Math.Min(notNow.InDoubt - 1, 30)), longest.TotalSeconds);
        var delay = TimeSpan.FromSeconds(most * (1 + chance.NextDouble()) / 2);
        return notNow.AtLeast > delay ? notNow.AtLeast.Value : delay;
    }

    IReadOnlyList<TimeSpan> DelaysOf(string channel) =>
        channelOptions.GetValueOrDefault(channel)?.RedeliveryDelays is { Count: > 0 } set
            ? set
            : channels.Find(channel)?.RedeliveryDelays ?? [];

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
    TimeSpan Exponential(SendDelivery command, ChainOutcome.NotNow notNow)
    {
        var (first, longest, atLeast) = (options.Value.FirstDelay, options.Value.LongestDelay, notNow.AtLeast);
        if (notNow.IsOutage)
            longest = Shorter(longest, first > LongestInOutage ? first : LongestInOutage);
        var most = first.TotalSeconds * Math.Pow(2, Math.Min(command.Redeliveries, 30));
        // Where it is known how long, chance need not keep them apart for longer than a multiple of that.
        if (atLeast is { } known)
            most = Math.Min(most, Math.Max(first.TotalSeconds, 2 * known.TotalSeconds));
        return (atLeast ?? TimeSpan.Zero) + TimeSpan.FromSeconds(Math.Min(most, longest.TotalSeconds) * chance.NextDouble());
    }

    static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;

    /// <summary>The time itself, or null when it is too late for the notification.</summary>
    public static DateTimeOffset? InTime(SendDelivery command, DateTimeOffset dueAt) => dueAt < command.ExpiresAt ? dueAt : null;

    /// <summary>Keeps a command until it is due. Under an id that is the same when the command that is put off comes twice.</summary>
    /// <param name="context">The command that is put off.</param>
    /// <param name="later">What is to come instead, when and why.</param>
    public async Task PutOff(ConsumeContext<SendDelivery> context, Disposition.PutOff later)
    {
        var command = later.Command;
        var decision = new DeliveryDecision
        {
            At = clock.GetUtcNow(),
            Code = later.Code,
            Provider = later.Account,
            Until = later.Due,
            Text = later.Reason,
        };
        var endpoint = (ITransportSendEndpoint)
            await context.ReceiveContext.SendEndpointProvider.GetSendEndpoint(ChannelEndpoint.Of(command.Channel, command.Lane));
        var message = await endpoint.CreateSendContext(
            command with
            {
                WaitingFor = later.Reason,
                WaitingCode = later.Code,
                Decisions = command.Decisions.Noting(decision),
                TraceParent = command.TraceParent ?? FlowTracing.Here,
                // The record has it, and keeps it in one place.
                Content = command.Content is { } content ? content with { Hash = null, Body = null } : null,
            },
            Pipe.Empty<SendContext<SendDelivery>>(),
            context.CancellationToken
        );
        var id = DeterministicId.From("redelivery", $"{context.InputId():N}");
        var kept = OutgoingMessage.From(message, id, later.Due) with
        {
            WaitsFor = later.WaitsFor,
            // A turn is one's own, and at a fixed time.
            AtTheLatest = later.WaitsFor is null || command.Slot is not null ? null : command.ExpiresAt - ShortestLife,
        };
        var told = command.Told is { } with ? await news.Write(Waiting(command, with, later, decision.At), id) : null;
        await outgoing.Schedule(told is null ? [kept] : [kept, told], context.CancellationToken);
    }

    static DeliveryWaiting Waiting(SendDelivery command, ToldWith told, Disposition.PutOff later, DateTimeOffset at) =>
        new()
        {
            NotificationId = command.NotificationId,
            DeliveryId = command.DeliveryId,
            Application = command.Application ?? Applications.Default,
            Category = command.Category,
            EventName = told.EventName,
            EventId = told.EventId,
            RecipientId = command.RecipientId,
            Keys = told.Keys ?? BusinessKeys.None,
            Channel = command.Channel,
            Code = later.Code,
            Provider = later.Account,
            Attempts = command.EarlierAttempts,
            Until = later.Due,
            At = at,
        };
}
