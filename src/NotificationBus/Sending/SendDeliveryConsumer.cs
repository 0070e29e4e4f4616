using MassTransit;

using NotificationBus.Contracts;
using NotificationBus.InProcess;
using NotificationBus.Intake;
using NotificationBus.Model;
using NotificationBus.Notifications;
using NotificationBus.Providers;
using NotificationBus.Providers.Accounts;
using NotificationBus.Providers.Controls;
using NotificationBus.Templates;

namespace NotificationBus.Sending;

/// <summary>
/// Takes a command from the queue of a channel, fills the template, has the channel's providers send it, and reports the result.
/// </summary>
public sealed class SendDeliveryConsumer(
    ChannelSet channels,
    ITemplates templates,
    ProviderChains chains,
    SendTurns turns,
    ControlBoard board,
    Redelivery redelivery,
    INotificationStore store,
    UnsubscribeLinks unsubscribe,
    ResultReporter reporter,
    TimeProvider clock) : IConsumer<SendDelivery>, ILocalSender
{
    // A paused channel releases what waits for it when it is resumed. Should that miss one, it comes by itself.
    static readonly TimeSpan LookAgain = TimeSpan.FromMinutes(5);

    /// <inheritdoc />
    public async Task Consume(ConsumeContext<SendDelivery> context)
    {
        var channel = ChannelOf(context.Message);
        // What is sent is decided in its turn: while it waits for one it may expire, arrive after all, or be told to wait. It is reported
        // after it.
        var report = await turns.Send(context.Message, () => Send(context, channel), context.CancellationToken);
        await report();
    }

    /// <inheritdoc />
    public async Task<bool> ConsumeSoon(ConsumeContext<SendDelivery> context)
    {
        var channel = ChannelOf(context.Message);
        if (await turns.SendSoon(context.Message, () => Send(context, channel), context.CancellationToken) is not { } report)
            return false;

        await report();
        return true;
    }

    IChannel ChannelOf(SendDelivery command) =>
        channels.Find(command.Channel) ?? throw new InvalidEventException($"there is no channel '{command.Channel}', only {channels.Names}");

    async Task<Func<Task>> Send(ConsumeContext<SendDelivery> context, IChannel channel)
    {
        var command = context.Message;
        if (command.ExpiresAt <= clock.GetUtcNow())
            return () => ReportUnlessSent(context, "it was too late when the worker got to it", reason => Expired(command, provider: null, reason));

        if (command.MayHaveBeenSent && await HasArrived(command, context.CancellationToken))
            return () => ReportIfSent(context);

        if (board.Current.Channel(channel.Name).Paused)
            return () => redelivery.PutOff(context, command, Earlier(clock.GetUtcNow() + LookAgain, command.ExpiresAt), $"channel {channel.Name} is paused", WaitsForChannel(channel.Name));

        Content content;
        try
        {
            content = context.TryGetPayload(out SentHere? here) && here.Content is { } filled
                ? filled
                : templates.Render(command.Category, channel, command.Locale, command.RecipientName, command.Data);
        }
        catch (TemplateException exception)
        {
            // The plan had filled it before. The template has changed since then.
            return () => ReportUnlessSent(context, exception.Message, reason => Failed(command, provider: null, reason));
        }

        var outcome = await chains.Of(command.Channel).Send(Delivery(command, content), context.InItsTurn(), context.CancellationToken);
        return () => Report(context, outcome);
    }

    /// <summary>True when the saga has learned from a receipt that it was sent: then it must not go out twice.</summary>
    async Task<bool> HasArrived(SendDelivery command, CancellationToken cancellationToken) =>
        await store.Load(command.NotificationId, cancellationToken) is { } notification
        && notification.Deliveries.Any(delivery => delivery.Id == command.DeliveryId && delivery.IsSent());

    /// <summary>Names what a delivery waits for whose channel is paused.</summary>
    internal static string WaitsForChannel(string channel) => $"channel {channel}";

    /// <summary>Names what a delivery waits for while a provider of its channel is shut.</summary>
    internal static string WaitsForProvider(string channel) => $"provider of {channel}";

    Task Report(ConsumeContext<SendDelivery> context, ChainOutcome outcome)
    {
        var command = context.Message;
        return outcome switch
        {
            ChainOutcome.Sent sent => Report(context, Sent(command, sent.Attempt), sent.Attempt.Number),
            ChainOutcome.Refused refused => Report(context, Failed(command, refused.Provider, refused.Reason), refused.Attempts),
            // It may have been held at this call before it was cancelled; then this is another result.
            ChainOutcome.Held held => Report(context, Held(command, held), held.IsCancelled ? held.Attempts + 1 : held.Attempts),
            ChainOutcome.Cancelled { Cancellation: var cancellation } => Report(context, Cancelled(command, cancellation), cancellation.Number),
            ChainOutcome.NotNow notNow => Wait(context, notNow),
            _ => throw new NotSupportedException($"Unknown outcome {outcome.GetType().Name}"),
        };
    }

    /// <summary>
    /// The saga knows that it was sent. It may have been told so by this command, and what followed may be lost: then it has to hear so
    /// once more.
    /// </summary>
    async Task ReportIfSent(ConsumeContext<SendDelivery> context)
    {
        var attempts = await chains.Of(context.Message.Channel).AttemptsOf(context.Message, context.CancellationToken);
        if (attempts.LastOrDefault(attempt => attempt.Status == AttemptStatus.Accepted) is { } sent)
            await Report(context, Sent(context.Message, sent), sent.Number);
    }

    /// <summary>
    /// The command may come again because the worker died before it reported: what it sent was sent, however late it is by now, and what it
    /// may have sent it may. Where that is left to an operator, it comes to one.
    /// </summary>
    async Task ReportUnlessSent<TResult>(ConsumeContext<SendDelivery> context, string reason, Func<string, TResult> result)
        where TResult : class
    {
        var command = context.Message;
        if (await chains.Of(command.Channel).GiveUp(command, context.CancellationToken) is { } outcome)
        {
            await Report(context, outcome);
            return;
        }

        var attempts = await chains.Of(command.Channel).AttemptsOf(command, context.CancellationToken);
        await Report(context, result(WithDoubt(reason, attempts.Any(attempt => attempt.MayHaveBeenSent || attempt.Status == AttemptStatus.Started))), command.EarlierAttempts);
    }

    static string WithDoubt(string reason, bool mayHaveBeenSent) => mayHaveBeenSent ? $"{reason}; it may have been sent" : reason;

    async Task Wait(ConsumeContext<SendDelivery> context, ChainOutcome.NotNow notNow)
    {
        var command = context.Message;
        if (notNow.InProgress)
        {
            var ends = clock.GetUtcNow() + notNow.AtLeast!.Value;
            // What an operator may have to decide about is waited for, also when it is too late to send.
            await redelivery.PutOff(context, command with { MayHaveBeenSent = true }, command.HoldWhenInDoubt ? ends : Earlier(ends, command.ExpiresAt), notNow.Reason);
            return;
        }

        // Nothing is gained by waiting, unless it may have been sent already.
        if (command.AnotherChannelFollows && notNow is { Slot: null, InDoubt: 0 })
        {
            await Report(context, Failed(command, notNow.Provider, WithDoubt(notNow.Reason, notNow.MayHaveBeenSent)), notNow.Attempts);
            return;
        }

        var next = command with { EarlierAttempts = notNow.Attempts, EarlierInDoubt = notNow.InDoubt, MayHaveBeenSent = notNow.MayHaveBeenSent, Slot = notNow.Slot };
        var dueAt = notNow.Slot is { } slot ? Redelivery.InTime(command, slot.At) : redelivery.Next(command, notNow);
        if (dueAt is null && notNow.InDoubt > 0 && await chains.Of(command.Channel).GiveUp(command, context.CancellationToken) is { } outcome)
            await Report(context, outcome);
        else if (dueAt is not { } due)
            await Report(context, Expired(command, notNow.Provider, WithDoubt($"not sent in time: {notNow.Reason}", notNow.MayHaveBeenSent)), notNow.Attempts);
        else if (notNow.Slot is { } turn)
            await redelivery.PutOff(context, next, due, notNow.Reason, WaitingLine.WaitsForTurn(turn.Account));
        else
            await redelivery.PutOff(context, next with { Redeliveries = command.Redeliveries + 1 }, due, notNow.Reason, notNow.WaitsForProvider ? WaitsForProvider(command.Channel) : null);
    }

    /// <summary>Reports under an id that is the same when the command comes again, so that the saga takes it once.</summary>
    Task Report<TResult>(ConsumeContext<SendDelivery> context, TResult result, int attemptNumber)
        where TResult : class =>
        reporter.Report(context, new DeliveryResult
        {
            MessageId = DeterministicId.From(["result", $"{context.Message.DeliveryId:N}", $"{attemptNumber}", typeof(TResult).Name, .. Again(context.Message)]),
            ConversationId = context.ConversationId,
            Sent = result as DeliverySent,
            Failed = result as DeliveryFailed,
            Expired = result as DeliveryExpired,
            Held = result as DeliveryHeld,
            Cancelled = result as DeliveryCancelled,
        });

    // The saga has taken, and left alone, what was reported before the delivery was taken up again.
    static IEnumerable<string> Again(SendDelivery command) => command.Reopened > 0 ? [$"{command.Reopened}"] : [];

    static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;

    Delivery Delivery(SendDelivery command, Content content) => new()
    {
        NotificationId = command.NotificationId,
        Id = command.DeliveryId,
        Channel = command.Channel,
        Address = command.Address,
        RecipientName = command.RecipientName,
        ExpiresAt = command.ExpiresAt,
        Category = command.Category,
        OccurredAt = command.OccurredAt,
        Content = content,
        Values = JsonText.Within(command.Data),
        UnsubscribeUrl = unsubscribe.Of(command),
    };

    static DeliverySent Sent(SendDelivery command, DeliveryAttempt attempt) => new()
    {
        NotificationId = command.NotificationId,
        DeliveryId = command.DeliveryId,
        Provider = attempt.Provider,
        ProviderMessageId = attempt.ProviderMessageId,
    };

    static DeliveryHeld Held(SendDelivery command, ChainOutcome.Held held) => new()
    {
        NotificationId = command.NotificationId,
        DeliveryId = command.DeliveryId,
        Provider = held.Attempt.Provider,
        Reason = held.Attempt.Reason ?? "in doubt",
        Attempts = held.Attempts,
    };

    static DeliveryCancelled Cancelled(SendDelivery command, DeliveryAttempt cancellation) => new()
    {
        NotificationId = command.NotificationId,
        DeliveryId = command.DeliveryId,
        Reason = cancellation.Reason ?? "cancelled",
    };

    static DeliveryFailed Failed(SendDelivery command, string? provider, string reason) => new()
    {
        NotificationId = command.NotificationId,
        DeliveryId = command.DeliveryId,
        Provider = provider,
        Reason = reason,
    };

    static DeliveryExpired Expired(SendDelivery command, string? provider, string reason) => new()
    {
        NotificationId = command.NotificationId,
        DeliveryId = command.DeliveryId,
        Provider = provider,
        Reason = reason,
    };
}
