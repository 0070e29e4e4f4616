using MassTransit;
using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Notifications;
using NotificationBus.Providers;
using NotificationBus.Providers.Accounts;
using NotificationBus.Providers.Controls;
using NotificationBus.Templates;

namespace NotificationBus.Sending;

/// <summary>
/// The steps of a command in its turn. While it waited for that it may have expired, arrived after all, or been told to wait.
/// </summary>
public sealed class SendPipeline(
    ProviderChains chains,
    DeliveryFilling filling,
    DestinationGuard guard,
    INotificationStore store,
    ControlBoard board,
    Redelivery redelivery,
    TimeProvider clock
)
{
    // A paused channel releases what waits for it when it is resumed. Should that miss one, it comes by itself.
    static readonly TimeSpan LookAgain = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Sends the delivery, unless a step before finds that it must not be sent, or not now. One with files comes again when they are there
    /// (<see cref="Resume"/>).
    /// </summary>
    internal async Task<Disposition> Run(ConsumeContext<SendDelivery> context, IChannel channel)
    {
        var command = context.Message;
        if (await UnlessNow(command, channel, context.CancellationToken) is { } decided)
            return decided;
        if (guard.Turns.Wait(channel, command) is { } wait)
            return await Turned(command, channel, wait, context.CancellationToken);

        Delivery delivery;
        try
        {
            delivery = await filling.Fill(context, channel);
        }
        catch (TemplateException exception)
        {
            return await NotSent(command, exception.Message, ReasonCode.NoText, context.CancellationToken);
        }

        return delivery.Content.Files.Count > 0 ? new Disposition.NeedsFiles(delivery) : await Send(context, command, channel, delivery);
    }

    /// <summary>Sends a delivery whose files are there, in another turn.</summary>
    internal async Task<Disposition> Resume(ConsumeContext<SendDelivery> context, IChannel channel, Delivery delivery, HeldFiles files)
    {
        var command = context.Message;
        if (await UnlessNow(command, channel, context.CancellationToken) is { } decided)
            return decided;

        if (command.Decisions?.Any(decision => decision.Code == ReasonCode.Attached) != true)
            command = Noted(command, ReasonCode.Attached, $"attached: {files.Described}");
        return await Send(context, command, channel, delivery with { Content = files.Content });
    }

    /// <summary>Decides about a delivery whose files cannot be had, at all or not now.</summary>
    internal Task<Disposition> Without(SendDelivery command, FileMissingException missing, CancellationToken cancellationToken) =>
        missing.Why switch
        {
            FileMissing.ForGood => NotSent(command, missing.Message, ReasonCode.NoAttachment, cancellationToken),
            FileMissing.NotNow => Later(command, NotNow(command, missing.Message, ReasonCode.NoAttachment), cancellationToken),
            _ => NoRoom(command, missing.Message, cancellationToken),
        };

    async Task<Disposition> Send(ConsumeContext<SendDelivery> context, SendDelivery command, IChannel channel, Delivery delivery)
    {
        if (await guard.Check(channel, command, delivery.Content, context.CancellationToken) is { } finding)
        {
            if (finding.IsRefused)
                return await NotSent(command, finding.Text, finding.Code, context.CancellationToken);
            if (!command.WasTried())
                command = Noted(command, finding.Code, finding.Text);
        }

        command = Routed(command, channel);
        var outcome = await chains.Of(command.Channel).Send(delivery, context.InItsTurn(), context.CancellationToken);
        if (outcome is not ChainOutcome.NoLonger)
            return await Decide(command, outcome, context.CancellationToken);

        return IsTooLate(command)
            ? await NotSent(command, "it was too late when a provider had time for it", ReasonCode.Expired, context.CancellationToken)
            : Paused(command, channel);
    }

    /// <summary>What is known of it before it is looked at; null when it may be sent.</summary>
    async ValueTask<Disposition?> UnlessNow(SendDelivery command, IChannel channel, CancellationToken cancellationToken)
    {
        if (IsTooLate(command))
            return await NotSent(command, "it was too late when the worker got to it", ReasonCode.Expired, cancellationToken);
        if (command.MayHaveBeenSent && await HasArrived(command, cancellationToken))
            return await SentBefore(command, cancellationToken);

        return IsPaused(channel) ? Paused(command, channel) : null;
    }

    bool IsTooLate(SendDelivery command) => command.ExpiresAt <= clock.GetUtcNow();

    /// <summary>True when the saga has learned from a receipt that it was sent: then it must not go out twice.</summary>
    async Task<bool> HasArrived(SendDelivery command, CancellationToken cancellationToken) =>
        await store.Load(command.NotificationId, cancellationToken) is { } notification
        && notification.Deliveries.Any(delivery => delivery.Id == command.DeliveryId && delivery.IsSent());

    /// <summary>
    /// The saga knows that it was sent. It may have been told so by this command, and what followed may be lost: then it has to hear so
    /// once more.
    /// </summary>
    async Task<Disposition> SentBefore(SendDelivery command, CancellationToken cancellationToken)
    {
        var attempts = await chains.Of(command.Channel).AttemptsOf(command, cancellationToken);
        return attempts.LastOrDefault(attempt => attempt.Status == AttemptStatus.Accepted) is { } sent
            ? new Disposition.Report(ResultMessages.Sent(command, sent), sent.Number)
            : Disposition.Nothing.AtAll;
    }

    /// <summary>Notes the route that the delivery takes, or its application's choice, once; most take neither.</summary>
    SendDelivery Routed(SendDelivery command, IChannel channel)
    {
        var routes = chains.Of(channel.Name).Routes;
        var why =
            routes.ChosenBy(command.Application) is { } chosen ? $"as its application has chosen it goes to {string.Join(", ", chosen)}"
            : routes.RouteOf(channel, command) is { } route ? $"by the route {route.When} it goes to {string.Join(", ", route.Providers)}"
            : null;
        return why is null || command.Decisions?.Any(decision => decision.Code == ReasonCode.Routed) == true
            ? command
            : Noted(command, ReasonCode.Routed, why);
    }

    bool IsPaused(IChannel channel) => board.Current.Channel(channel.Name).Paused;

    Disposition.PutOff Paused(SendDelivery command, IChannel channel) =>
        new(
            command,
            Earlier(clock.GetUtcNow() + LookAgain, command.ExpiresAt),
            $"channel {channel.Name} is paused",
            ReasonCode.ChannelPaused,
            ResumedChannels.WaitsForChannel(channel.Name)
        );

    /// <summary>
    /// It waits for its turn. Nothing is refused: what came over the bus cannot be, and who posted it has been promised the same. Another
    /// channel would not be spared by being asked instead.
    /// </summary>
    Task<Disposition> Turned(SendDelivery command, IChannel channel, TimeSpan wait, CancellationToken cancellationToken)
    {
        var due = clock.GetUtcNow() + wait;
        var reason = guard.Turns.ReasonOn(channel);
        return Redelivery.InTime(command, due) is null
            ? NotSent(Noted(command, ReasonCode.AddressLimit, reason), $"not sent in time: {reason}", ReasonCode.Expired, cancellationToken)
            : Task.FromResult<Disposition>(
                new Disposition.PutOff(command with { HasTurnAtAddress = true }, due, reason, ReasonCode.AddressLimit)
            );
    }

    /// <summary>
    /// It waits until this host has room, however many channels follow: nothing is wrong with this one. What was called before stays what
    /// it was.
    /// </summary>
    Task<Disposition> NoRoom(SendDelivery command, string reason, CancellationToken cancellationToken)
    {
        const string Code = ReasonCode.AttachmentLimit;
        return redelivery.Next(command, NotNow(command, reason, Code)) is { } due
            ? Task.FromResult<Disposition>(
                new Disposition.PutOff(command with { Redeliveries = command.Redeliveries + 1 }, due, reason, Code)
            )
            : NotSent(Noted(command, Code, reason), $"not sent in time: {reason}", ReasonCode.Expired, cancellationToken);
    }

    /// <summary>It waits for a file, as it would for a provider that is away; what was called before stays what it was.</summary>
    static ChainOutcome.NotNow NotNow(SendDelivery command, string reason, string code) =>
        new()
        {
            Reason = reason,
            Code = code,
            IsOutage = true,
            Attempts = command.EarlierAttempts,
            InDoubt = command.EarlierInDoubt,
            MayHaveBeenSent = command.MayHaveBeenSent,
        };

    SendDelivery Noted(SendDelivery command, string code, string text) =>
        command with
        {
            Decisions = command.Decisions.Noting(
                new DeliveryDecision
                {
                    At = clock.GetUtcNow(),
                    Code = code,
                    Text = text,
                }
            ),
        };

    ValueTask<Disposition> Decide(SendDelivery command, ChainOutcome outcome, CancellationToken cancellationToken) =>
        outcome is ChainOutcome.NotNow notNow ? new(Later(command, notNow, cancellationToken)) : new(ResultMessages.Of(command, outcome));

    async Task<Disposition> Later(SendDelivery command, ChainOutcome.NotNow notNow, CancellationToken cancellationToken)
    {
        if (notNow.InProgress)
        {
            var ends = clock.GetUtcNow() + notNow.AtLeast!.Value;
            // What an operator may have to decide about is waited for, also when it is too late to send.
            var again = command.HoldWhenInDoubt ? ends : Earlier(ends, command.ExpiresAt);
            return new Disposition.PutOff(command with { MayHaveBeenSent = true }, again, notNow.Reason, notNow.Code)
            {
                Account = notNow.Account,
            };
        }

        if (notNow.IsGivenUpFor(command))
        {
            var why = WithDoubt(notNow.Reason, notNow.MayHaveBeenSent);
            return new Disposition.Report(ResultMessages.Failed(command, notNow.Provider, why, notNow.Code), notNow.Attempts);
        }

        var next = command with
        {
            EarlierAttempts = notNow.Attempts,
            EarlierInDoubt = notNow.InDoubt,
            MayHaveBeenSent = notNow.MayHaveBeenSent,
            Slot = notNow.Slot,
        };
        var dueAt = notNow.Slot is { } slot ? Redelivery.InTime(command, slot.At) : redelivery.Next(command, notNow);
        if (dueAt is null && notNow.InDoubt > 0 && await chains.Of(command.Channel).GiveUp(command, cancellationToken) is { } outcome)
            return await Decide(command, outcome, cancellationToken);
        if (dueAt is not { } due)
        {
            var why = WithDoubt($"not sent in time: {notNow.Reason}", notNow.MayHaveBeenSent);
            return new Disposition.Report(ResultMessages.Expired(command, notNow.Provider, why), notNow.Attempts);
        }

        if (notNow.Slot is { } turn)
        {
            return new Disposition.PutOff(next, due, notNow.Reason, notNow.Code, WaitingLine.WaitsForTurn(turn.Account))
            {
                Account = notNow.Account,
            };
        }

        var waitsFor = notNow.WaitsForProvider ? ResumedChannels.WaitsForProvider(command.Channel) : null;
        return new Disposition.PutOff(next with { Redeliveries = command.Redeliveries + 1 }, due, notNow.Reason, notNow.Code, waitsFor)
        {
            Account = notNow.Account,
        };
    }

    /// <summary>
    /// The command may come again because the worker died before it reported: what it sent was sent, however late it is by now, and what it
    /// may have sent it may. Where that is left to an operator, it comes to one.
    /// </summary>
    async Task<Disposition> NotSent(SendDelivery command, string reason, string code, CancellationToken cancellationToken)
    {
        if (await chains.Of(command.Channel).GiveUp(command, cancellationToken) is { } outcome)
            return await Decide(command, outcome, cancellationToken);

        var attempts = await chains.Of(command.Channel).AttemptsOf(command, cancellationToken);
        var mayHaveBeenSent = attempts.Any(attempt => attempt.MayHaveBeenSent || attempt.Status == AttemptStatus.Started);
        var why = WithDoubt(reason, mayHaveBeenSent);
        return new Disposition.Report(
            code == ReasonCode.Expired
                ? ResultMessages.Expired(command, provider: null, why)
                : ResultMessages.Failed(command, provider: null, why, code),
            command.EarlierAttempts
        );
    }

    static string WithDoubt(string reason, bool mayHaveBeenSent) => mayHaveBeenSent ? $"{reason}; it may have been sent" : reason;

    static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;
}
