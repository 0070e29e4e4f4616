using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Providers.Accounts;
using NotificationBus.Providers.Routing;
using NotificationBus.Telemetry;

namespace NotificationBus.Providers;

/// <summary>
/// The providers of one channel in order (<see cref="ProviderOrder"/>). What each call came to is on record (<see cref="RecordedCalls"/>),
/// and which provider is asked next is up to <see cref="ChainRound"/>.
/// </summary>
public sealed class ProviderChain
{
    static readonly TimeSpan LongestRetryDelay = TimeSpan.FromMilliseconds(500);

    readonly ProviderOrder _order;
    readonly RecordedCalls _calls;
    readonly RedeliveryOptions _redelivery;
    readonly Random _chance;
    readonly TimeProvider _clock;
    readonly FlowMetrics _metrics;

    internal ProviderChain(
        ProviderOrder order,
        RecordedCalls calls,
        RedeliveryOptions redelivery,
        Random chance,
        TimeProvider clock,
        FlowMetrics metrics
    ) => (_order, _calls, _redelivery, _chance, _clock, _metrics) = (order, calls, redelivery, chance, clock, metrics);

    /// <summary>The channel.</summary>
    public IChannel Channel => _order.Channel;

    /// <summary>All accounts, those of routes after those of the channel.</summary>
    public IReadOnlyList<ProviderAccount> Accounts => _order.Accounts;

    /// <summary>The routes, by which the accounts for a delivery are chosen.</summary>
    public ProviderRoutes Routes => _order.Routes;

    /// <summary>The accounts that deliveries of an application may use.</summary>
    public IEnumerable<ProviderAccount> AccountsOf(string? application) =>
        Routes.ChosenBy(application) is { } chosen
            ? Accounts.Where(account => chosen.Contains(account.Name, StringComparer.Ordinal))
            : Accounts;

    /// <summary>The accounts that a delivery would try, by name and in order. Asks nobody.</summary>
    /// <param name="delivery">The delivery.</param>
    /// <param name="command">The command that would ask for it.</param>
    public IReadOnlyList<string> AccountsFor(Delivery delivery, SendDelivery command) =>
        [.. _order.Of(_order.Route(delivery, command), delivery.Id).Select(account => account.Name)];

    /// <summary>Sends one delivery, or finds that it was sent already.</summary>
    /// <param name="delivery">The delivery.</param>
    /// <param name="command">The command that asks for it: what was tried before, and what to do when in doubt.</param>
    /// <param name="cancellationToken">Gives up before a call, never in the middle of one.</param>
    public async Task<ChainOutcome> Send(Delivery delivery, SendDelivery command, CancellationToken cancellationToken)
    {
        var route = _order.Route(delivery, command);
        var round = new ChainRound(_order.Of(route, delivery.Id), command, _redelivery.MostInDoubt, _clock);
        if (command.HoldWhenInDoubt || command.EarlierInDoubt > 0 || command is { EarlierAttempts: > 0, MayHaveBeenSent: true })
        {
            var known = await _calls.Known(delivery.NotificationId, delivery.Id, cancellationToken);
            round.Remember(known.Calls);
            // Where nothing may be sent twice, what an earlier command left is looked for before anybody else is asked or it is given up.
            if (
                command.HoldWhenInDoubt
                && known.Earlier.Count > command.EarlierAttempts
                && await GoOn(round, known, cancellationToken) is { } settled
            )
                return settled;
        }

        if (route.Count == 0)
            return round.RefusedUnasked("no provider of the channel serves such an address", ReasonCode.NoRoute);

        ProviderAccount? before = null;
        while (round.Next() is { } account)
        {
            if (round.IsRetry)
                await Task.Delay(LongestRetryDelay * _chance.NextDouble(), _clock, cancellationToken);

            var admission = await account.Enter(round.MayHaveBeenSentBy(account), command.Slot, command.Lane, cancellationToken);
            if (admission is Admission.Refused refused)
            {
                round.Refuse(account, refused);
                before = account;
                continue;
            }

            if (admission is Admission.Paced paced)
                return await UnlessCancelled(round.Paced(paced), round, delivery, cancellationToken);

            using var granted = (Admission.Granted)admission;
            // It may have waited for its place for longer than there was time, or while somebody paused the channel.
            if (round.AttemptsMade == command.EarlierAttempts && (command.ExpiresAt <= _clock.GetUtcNow() || _order.IsPaused))
            {
                await granted.NotMade();
                return new ChainOutcome.NoLonger();
            }

            // It may have waited for its place for longer than the provider knows the delivery.
            if (round.Next() != account)
            {
                await granted.NotMade();
                continue;
            }

            // Asked here, and not handed to the claim.
            cancellationToken.ThrowIfCancellationRequested();
            var claimed = round.Claim(Channel.Name, account) with
            {
                Content = delivery.ContentHash,
                TemplateVersion = delivery.TemplateVersion,
            };
            var claim = await _calls.Claim(claimed, delivery, account.Provider);
            // It may have waited for its claim as well, as long as a standby of the ledger's database hangs.
            if (claim.Granted && round.Next() != account)
            {
                await granted.NotMade();
                await _calls.NotCalled(claimed, round);
            }
            else if (claim.Granted)
            {
                if (before is not null && before != account)
                    _metrics.FellBack(Channel.Name, before.Name);
                before = account;
                await _calls.Call(granted, delivery, claimed with { StartedAt = _clock.GetUtcNow() }, command, round);
                if (round.LacksEarlier)
                    round.Remember(await _calls.Of(delivery.NotificationId, delivery.Id, cancellationToken));
            }
            else
            {
                await granted.NotMade();
                if (claim.Suppression is { } reason)
                    return round.RefusedUnasked($"the address is suppressed: {reason}", ReasonCode.Suppressed);
                if (await GoOn(round, claim, cancellationToken) is { } settled)
                    return settled;
            }
        }

        var outcome = round.Conclude();
        return outcome is ChainOutcome.NotNow ? await UnlessCancelled(outcome, round, delivery, cancellationToken) : outcome;
    }

    /// <summary>
    /// Decides the outcome of a delivery for which nobody is asked any more: it was sent, or an operator has to decide about what may have
    /// been. Null when neither is so.
    /// </summary>
    public async Task<ChainOutcome?> GiveUp(SendDelivery command, CancellationToken cancellationToken)
    {
        var known = await _calls.Known(command.NotificationId, command.DeliveryId, cancellationToken);
        if (known.Calls.LastOrDefault(call => call.Status == AttemptStatus.Accepted) is { } accepted)
            return new ChainOutcome.Sent(accepted);
        if (!ChainRound.IsForOperator(command, known.Calls))
            return null;

        var round = new ChainRound([], command, _redelivery.MostInDoubt, _clock);
        return await GoOn(round, known, cancellationToken) ?? round.Conclude();
    }

    /// <summary>Goes on where an earlier command of the same delivery stopped.</summary>
    /// <returns>Null unless there is nothing to go on with: another worker is at it, or it was cancelled.</returns>
    async Task<ChainOutcome?> GoOn(ChainRound round, AttemptClaim claim, CancellationToken cancellationToken)
    {
        if (round.InProgress(claim) is { } inProgress)
            return inProgress;

        return await _calls.Settle(claim, round, cancellationToken);
    }

    /// <summary>
    /// It may have been cancelled while a call was made, by a worker that died since. Then it waits for nothing, and whoever cancelled it
    /// for this.
    /// </summary>
    async Task<ChainOutcome> UnlessCancelled(ChainOutcome outcome, ChainRound round, Delivery delivery, CancellationToken cancellationToken)
    {
        var known = await _calls.Known(delivery.NotificationId, delivery.Id, cancellationToken);
        if (known.Cancellation is null || (known.Calls is [.., { Status: AttemptStatus.Started } last] && last.LeaseUntil > known.Now))
            return outcome;

        return (await _calls.Settle(known, round, cancellationToken))!;
    }

    /// <summary>The calls that are on record for a delivery.</summary>
    public Task<IReadOnlyList<DeliveryAttempt>> AttemptsOf(SendDelivery command, CancellationToken cancellationToken) =>
        _calls.Of(command.NotificationId, command.DeliveryId, cancellationToken);
}
