using System.Data.Common;

using MassTransit;

using Microsoft.Extensions.Logging;

using NotificationBus.Contracts;
using NotificationBus.Messaging;
using NotificationBus.Model;
using NotificationBus.Providers.Accounts;
using NotificationBus.Providers.Controls;
using NotificationBus.Providers.Routing;

namespace NotificationBus.Providers;

/// <summary>
/// The providers of one channel in order. Every call is claimed before and recorded after; the ledger and not the broker says
/// what was tried already when a command comes again. Which provider is asked next is up to <see cref="ChainRound"/>.
/// </summary>
public sealed partial class ProviderChain(
    IChannel channel,
    IReadOnlyList<ProviderAccount> accounts,
    ProviderRoutes routes,
    IAttemptLedger ledger,
    ControlBoard board,
    RedeliveryOptions redelivery,
    Random chance,
    TimeProvider clock,
    ILogger<ProviderChain> log)
{
    static readonly TimeSpan LongestRetryDelay = TimeSpan.FromMilliseconds(500);

    /// <summary>The channel.</summary>
    public IChannel Channel => channel;

    /// <summary>All accounts, those of routes after those of the channel.</summary>
    public IReadOnlyList<ProviderAccount> Accounts => accounts;

    /// <summary>The routes, by which the accounts for a delivery are chosen.</summary>
    public ProviderRoutes Routes => routes;

    /// <summary>Sends one delivery, or finds that it was sent already.</summary>
    /// <param name="delivery">The delivery.</param>
    /// <param name="command">The command that asks for it: what was tried before, and what to do when in doubt.</param>
    /// <param name="cancellationToken">Gives up before a call, never in the middle of one.</param>
    public async Task<ChainOutcome> Send(Delivery delivery, SendDelivery command, CancellationToken cancellationToken)
    {
        // Looked for among all of its route: one that an operator has taken out of the order may come back.
        var route = routes.Of(channel, command).Select(Find).OfType<ProviderAccount>().Where(account => account.Provider.Serves(delivery)).ToList();
        var round = new ChainRound(Order(route, delivery.Id), command, redelivery.MostInDoubt, clock);
        if (command.HoldWhenInDoubt || command.EarlierInDoubt > 0 || command is { EarlierAttempts: > 0, MayHaveBeenSent: true })
        {
            var known = await OnRecord(delivery.NotificationId, delivery.Id, cancellationToken);
            round.Remember(known.Calls);
            // Where nothing may be sent twice, what an earlier command left is looked for before anybody else is asked or it is given up.
            if (command.HoldWhenInDoubt && known.Earlier.Count > command.EarlierAttempts && await GoOn(round, known, cancellationToken) is { } settled)
                return settled;
        }

        if (route.Count == 0)
            return round.RefusedUnasked("no provider of the channel serves such an address");

        while (round.Next() is { } account)
        {
            if (round.IsRetry)
                await Task.Delay(LongestRetryDelay * chance.NextDouble(), clock, cancellationToken);

            var admission = await account.Enter(round.MayHaveBeenSentBy(account), command.Slot, command.Lane, cancellationToken);
            if (admission is Admission.Refused refused)
            {
                round.Refuse(account, refused);
                continue;
            }

            if (admission is Admission.Paced paced)
                return await UnlessCancelled(round.Paced(paced), delivery, cancellationToken);

            using var granted = (Admission.Granted)admission;
            // It may have waited for its place for longer than the provider knows the delivery.
            if (round.Next() != account)
            {
                await granted.NotMade();
                continue;
            }

            // Asked here and not handed to the claim: one that is written after its caller has left keeps everybody away.
            cancellationToken.ThrowIfCancellationRequested();
            var claimed = round.Claim(channel.Name, account);
            var claim = await ledger.Claim(claimed, channel.Canonical(delivery.Address), delivery.Category, LeaseOf(account.Provider), CancellationToken.None);
            // It may have waited for its claim as well, as long as a standby of the ledger's database hangs.
            if (claim.Granted && round.Next() != account)
            {
                await granted.NotMade();
                round.Add(await NotCalled(claimed));
            }
            else if (claim.Granted)
            {
                round.Add(await Call(granted, delivery, claimed with { StartedAt = clock.GetUtcNow() }, command.HoldWhenInDoubt));
                if (round.LacksEarlier)
                    round.Remember(await ledger.AttemptsOf(delivery.NotificationId, delivery.Id, cancellationToken));
            }
            else
            {
                await granted.NotMade();
                if (claim.Suppression is { } reason)
                    return round.RefusedUnasked($"the address is suppressed: {reason}");
                if (await GoOn(round, claim, cancellationToken) is { } settled)
                    return settled;
            }
        }

        var outcome = round.Conclude();
        return outcome is ChainOutcome.NotNow ? await UnlessCancelled(outcome, delivery, cancellationToken) : outcome;
    }

    /// <summary>
    /// Decides the outcome of a delivery for which nobody is asked any more: it was sent, or an operator has to decide about what may have
    /// been. Null when neither is so.
    /// </summary>
    public async Task<ChainOutcome?> GiveUp(SendDelivery command, CancellationToken cancellationToken)
    {
        var known = await OnRecord(command.NotificationId, command.DeliveryId, cancellationToken);
        if (known.Calls.LastOrDefault(call => call.Status == AttemptStatus.Accepted) is { } accepted)
            return new ChainOutcome.Sent(accepted);
        if (!ChainRound.IsForOperator(command, known.Calls))
            return null;

        var round = new ChainRound([], command, redelivery.MostInDoubt, clock);
        return await GoOn(round, known, cancellationToken) ?? round.Conclude();
    }

    /// <summary>Goes on where an earlier command of the same delivery stopped.</summary>
    /// <returns>Null unless there is nothing to go on with: another worker is at it, or it was cancelled.</returns>
    async Task<ChainOutcome?> GoOn(ChainRound round, AttemptClaim claim, CancellationToken cancellationToken)
    {
        if (round.InProgress(claim) is { } inProgress)
            return inProgress;

        var calls = await Settle(claim, cancellationToken);
        if (claim.Cancellation is { } cancellation)
            return ChainRound.CalledOff(cancellation, calls);

        round.TakeOver(calls);
        return null;
    }

    async Task<AttemptClaim> OnRecord(Guid notificationId, Guid deliveryId, CancellationToken cancellationToken) =>
        new(await ledger.AttemptsOf(notificationId, deliveryId, cancellationToken), clock.GetUtcNow());

    /// <summary>
    /// It may have been cancelled while a call was made, by a worker that died since. Then it waits for nothing, and whoever cancelled it
    /// for this.
    /// </summary>
    async Task<ChainOutcome> UnlessCancelled(ChainOutcome outcome, Delivery delivery, CancellationToken cancellationToken)
    {
        var known = await OnRecord(delivery.NotificationId, delivery.Id, cancellationToken);
        if (known.Cancellation is not { } cancellation || (known.Calls is [.., { Status: AttemptStatus.Started } last] && last.LeaseUntil > known.Now))
            return outcome;

        return ChainRound.CalledOff(cancellation, await Settle(known, cancellationToken));
    }

    /// <summary>The calls that are on record for a delivery.</summary>
    public Task<IReadOnlyList<DeliveryAttempt>> AttemptsOf(SendDelivery command, CancellationToken cancellationToken) =>
        ledger.AttemptsOf(command.NotificationId, command.DeliveryId, cancellationToken);

    ProviderAccount? Find(string name) => accounts.FirstOrDefault(account => account.Name == name);

    /// <summary>
    /// The accounts of a route in the order in which a delivery tries them. What operators have set adds none: it might not be allowed to
    /// send there.
    /// </summary>
    IReadOnlyList<ProviderAccount> Order(IReadOnlyList<ProviderAccount> route, Guid deliveryId)
    {
        var set = board.Current.Channel(channel.Name).Order;
        var order = set is null ? route : [.. set.Select(name => route.FirstOrDefault(account => account.Name == name)).OfType<ProviderAccount>()];
        var total = order.Sum(account => account.Control.Weight ?? 0);
        if (total == 0)
            return order;

        // Drawn by the delivery's id, so that a command that comes again asks the same provider first.
        var draw = (int)(BitConverter.ToUInt32(deliveryId.ToByteArray()) % (uint)total);
        var first = order.First(account => (draw -= account.Control.Weight ?? 0) < 0);
        return [first, .. order.Where(account => account != first)];
    }

    async Task<(DeliveryAttempt Outcome, ProviderResult Result)> Call(Admission.Granted admission, Delivery delivery, DeliveryAttempt claimed, bool holdWhenInDoubt)
    {
        var provider = admission.Account.Provider;
        var answer = await admission.Call(() => Ask(provider, delivery));
        // What may be repeated goes on like what was not sent, but nobody may say that it was not.
        (DeliveryAttempt Outcome, ProviderResult Result) call = answer is ProviderResult.InDoubt { RepetitionIsKnown: true } harmless && !holdWhenInDoubt
            ? (claimed with { Status = AttemptStatus.Repeatable, Reason = harmless.Reason }, new ProviderResult.Unavailable(harmless.Reason, OnlyThisDelivery: harmless.OnlyThisDelivery))
            : (OutcomeOf(claimed, answer), answer);

        var (outcome, result) = call;
        var suppressed = result is ProviderResult.Rejected { AddressIsWrong: true } ? channel.Canonical(delivery.Address) : null;
        await Record(outcome, suppressed);
        if (outcome.Status != AttemptStatus.Accepted)
            NotAccepted(provider.Name, delivery.Id, outcome.Status, outcome.Reason);

        return call;
    }

    /// <summary>A number that was claimed and not used: certainly nothing was sent under it.</summary>
    async Task<(DeliveryAttempt Outcome, ProviderResult Result)> NotCalled(DeliveryAttempt claimed)
    {
        var result = new ProviderResult.Unavailable("not called: meanwhile it may have forgotten that it was asked before", OnlyThisDelivery: true);
        var outcome = OutcomeOf(claimed with { StartedAt = clock.GetUtcNow() }, result);
        await Record(outcome, suppressedAddress: null);
        return (outcome, result);
    }

    static DeliveryAttempt OutcomeOf(DeliveryAttempt claimed, ProviderResult result) => result switch
    {
        ProviderResult.Accepted accepted => claimed with { Status = AttemptStatus.Accepted, ProviderMessageId = accepted.ProviderMessageId },
        ProviderResult.Rejected rejected => claimed with { Status = AttemptStatus.Rejected, Reason = rejected.Reason },
        ProviderResult.Declined declined => claimed with { Status = AttemptStatus.Declined, Reason = declined.Reason },
        ProviderResult.Unavailable unavailable => claimed with { Status = AttemptStatus.Unavailable, Reason = unavailable.Reason, RetryAfter = unavailable.RetryAfter },
        ProviderResult.Throttled throttled => claimed with { Status = AttemptStatus.Throttled, Reason = throttled.Reason, RetryAfter = throttled.RetryAfter },
        ProviderResult.Misconfigured misconfigured => claimed with { Status = AttemptStatus.Misconfigured, Reason = misconfigured.Reason },
        ProviderResult.InDoubt inDoubt => claimed with { Status = AttemptStatus.InDoubt, Reason = inDoubt.Reason },
        _ => throw new NotSupportedException($"Unknown result {result.GetType().Name}"),
    };

    async Task<ProviderResult> Ask(IProvider provider, Delivery delivery)
    {
        try
        {
            // Not cancelled when the host stops: the host waits, and a call cut off in the middle would be in doubt.
            using var limit = new CancellationTokenSource(provider.LongestCall);
            return await provider.Send(delivery, limit.Token);
        }
        catch (Exception exception)
        {
            // Not the exception itself: its text may repeat what was sent.
            ProviderFailed(provider.Name, delivery.Id, exception.GetType().FullName);
            return new ProviderResult.InDoubt($"the provider failed: {exception.GetType().Name}");
        }
    }

    /// <summary>
    /// Takes over what an earlier command of the same delivery did. A call whose claim ran out without an outcome is in doubt.
    /// </summary>
    async Task<IReadOnlyList<DeliveryAttempt>> Settle(AttemptClaim claim, CancellationToken cancellationToken)
    {
        if (claim.Calls is not [.., { Status: AttemptStatus.Started } last])
            return claim.Calls;

        last = last with { Status = AttemptStatus.InDoubt, Reason = ChainRound.WorkerDied };
        if (!await ledger.Record(last, suppressedAddress: null, cancellationToken))
            throw new ConcurrencyException($"Attempt {last.Number} of delivery {last.DeliveryId} was settled by another worker", typeof(DeliveryAttempt), last.DeliveryId);
        return [.. claim.Calls.SkipLast(1), last];
    }

    /// <summary>
    /// Writes down what the provider answered. It is known only here, so that whatever keeps the ledger from taking it is waited out, also
    /// longer than the claim lasts: the command is still in this worker's hands, and nobody else has it. Should it be taken away all the
    /// same, what is on record stays.
    /// </summary>
    Task Record(DeliveryAttempt outcome, string? suppressedAddress) => Outages.WaitOut(
        async () =>
        {
            if (!await ledger.Record(outcome, suppressedAddress, CancellationToken.None))
                AnsweredLate(outcome.Provider, outcome.DeliveryId, outcome.Status);
        },
        failure => failure is DbException,
        clock);

    // Longer than the call can take, so that a worker that is merely slow is not taken for dead.
    static TimeSpan LeaseOf(IProvider provider) => provider.LongestCall + TimeSpan.FromSeconds(15);

    [LoggerMessage(LogLevel.Warning, "{Provider} did not take delivery {DeliveryId}: {Status}, {Reason}")]
    partial void NotAccepted(string provider, Guid deliveryId, AttemptStatus status, string? reason);

    [LoggerMessage(LogLevel.Error, "{Provider} failed on delivery {DeliveryId} with {ExceptionType}, which it should have translated")]
    partial void ProviderFailed(string provider, Guid deliveryId, string? exceptionType);

    [LoggerMessage(LogLevel.Warning, "{Provider} answered {Status} for delivery {DeliveryId} after the claim had run out; the record says in doubt")]
    partial void AnsweredLate(string provider, Guid deliveryId, AttemptStatus status);
}
