using System.Data.Common;

using Microsoft.Extensions.Logging;

using NotificationBus.Messaging;

namespace NotificationBus.Sending;

/// <summary>
/// The providers of one channel in order. Every call is claimed before and recorded after; the ledger and not the broker says
/// what was tried already when an order comes again.
/// </summary>
public sealed partial class ProviderChain(string channel, IReadOnlyList<IProvider> providers, IAttemptLedger ledger, TimeProvider clock, ILogger<ProviderChain> log)
{
    // What is in doubt is sent again by the same provider, who may know the delivery by its id. Once: a provider that keeps
    // breaking the connection after taking the message would otherwise send it over and over.
    const int MostCallsInDoubt = 2;

    static readonly TimeSpan RecordInterval = TimeSpan.FromMilliseconds(500);

    /// <summary>The channel.</summary>
    public string Channel => channel;

    /// <summary>The accounts in order.</summary>
    public IReadOnlyList<IProvider> Providers => providers;

    /// <summary>Sends one delivery, or finds that it was sent already.</summary>
    /// <param name="delivery">The delivery.</param>
    /// <param name="earlierAttempts">How many calls were made before the order was put off. They are over: every provider may be asked again.</param>
    /// <param name="cancellationToken">Gives up before a call, never in the middle of one.</param>
    /// <exception cref="AttemptInProgressException">Another worker holds the claim. Try again after its lease.</exception>
    public async Task<DeliveryAttempt> Send(Delivery delivery, int earlierAttempts, CancellationToken cancellationToken)
    {
        var attempts = new List<DeliveryAttempt>();
        while (Next(attempts) is { } provider)
        {
            // Asked here and not handed to the claim: one that is written after its caller has left keeps everybody away.
            cancellationToken.ThrowIfCancellationRequested();
            var claimed = new DeliveryAttempt
            {
                DeliveryId = delivery.Id,
                NotificationId = delivery.NotificationId,
                Number = earlierAttempts + attempts.Count + 1,
                Channel = channel,
                Provider = provider.Name,
                Status = AttemptStatus.Started,
            };

            var claim = await ledger.Claim(claimed, LeaseOf(provider), CancellationToken.None);
            if (claim.Granted)
                attempts.Add(await Call(provider, delivery, claimed));
            else
                attempts = await Settle(claim, earlierAttempts, cancellationToken);

            if (attempts[^1].Status == AttemptStatus.Accepted)
                return attempts[^1];
        }

        // Whatever was answered afterwards, what is in doubt may have been sent, and the result must say so.
        return attempts.FindLast(attempt => attempt.Status == AttemptStatus.InDoubt) ?? attempts[^1];
    }

    /// <summary>The provider to ask after these attempts; null when none is left.</summary>
    IProvider? Next(List<DeliveryAttempt> attempts)
    {
        if (attempts.Count == 0)
            return providers[0];

        var last = attempts[^1];
        var inDoubt = attempts.Count(attempt => attempt.Status == AttemptStatus.InDoubt);
        if (last.Status == AttemptStatus.Rejected)
            return null;

        if (last.Status == AttemptStatus.InDoubt && inDoubt < MostCallsInDoubt)
            return providers.FirstOrDefault(provider => provider.Name == last.Provider);

        // Another provider would not know what may have been sent before.
        return inDoubt > 0 ? null : providers.FirstOrDefault(provider => attempts.TrueForAll(attempt => attempt.Provider != provider.Name));
    }

    async Task<DeliveryAttempt> Call(IProvider provider, Delivery delivery, DeliveryAttempt claimed)
    {
        ProviderResult result;
        try
        {
            // Not cancelled when the host stops: the host waits, and a call cut off in the middle would be in doubt.
            using var limit = new CancellationTokenSource(provider.LongestCall);
            result = await provider.Send(delivery, limit.Token);
        }
        catch (Exception exception)
        {
            // Not the exception itself: its text may repeat what was sent.
            ProviderFailed(provider.Name, delivery.Id, exception.GetType().FullName);
            result = new ProviderResult.InDoubt($"the provider failed: {exception.GetType().Name}");
        }

        var outcome = result switch
        {
            ProviderResult.Accepted accepted => claimed with { Status = AttemptStatus.Accepted, ProviderMessageId = accepted.ProviderMessageId },
            ProviderResult.Rejected rejected => claimed with { Status = AttemptStatus.Rejected, Reason = rejected.Reason },
            ProviderResult.Unavailable unavailable => claimed with { Status = AttemptStatus.Unavailable, Reason = unavailable.Reason, RetryAfter = unavailable.RetryAfter },
            ProviderResult.InDoubt inDoubt => claimed with { Status = AttemptStatus.InDoubt, Reason = inDoubt.Reason },
            _ => throw new NotSupportedException($"Unknown result {result.GetType().Name}"),
        };
        await Record(outcome, LeaseOf(provider));
        if (outcome.Status != AttemptStatus.Accepted)
            NotAccepted(provider.Name, delivery.Id, outcome.Status, outcome.Reason);

        return outcome;
    }

    /// <summary>What an earlier order of the same delivery did. A call whose claim ran out without an outcome is in doubt.</summary>
    async Task<List<DeliveryAttempt>> Settle(AttemptClaim claim, int earlierAttempts, CancellationToken cancellationToken)
    {
        var earlier = claim.Earlier.Where(attempt => attempt.Number > earlierAttempts).ToList();
        var last = earlier[^1];
        if (last.Status != AttemptStatus.Started)
            return earlier;

        if (last.LeaseUntil > claim.Now)
            throw new AttemptInProgressException(last.DeliveryId, last.LeaseUntil - claim.Now);

        earlier[^1] = last with { Status = AttemptStatus.InDoubt, Reason = "the worker died before it recorded an outcome" };
        await ledger.Record(earlier[^1], cancellationToken);
        return earlier;
    }

    /// <summary>Writes down what the provider answered. It is known only here, so that an outage of the ledger is waited out while the claim lasts.</summary>
    async Task Record(DeliveryAttempt outcome, TimeSpan lease)
    {
        var giveUp = clock.GetUtcNow() + lease;
        while (true)
        {
            try
            {
                await ledger.Record(outcome, CancellationToken.None);
                return;
            }
            catch (DbException exception) when (Outages.Passes(exception) && clock.GetUtcNow() < giveUp)
            {
                await Task.Delay(RecordInterval, clock);
            }
        }
    }

    // Longer than the call can take, so that a worker that is merely slow is not taken for dead.
    static TimeSpan LeaseOf(IProvider provider) => provider.LongestCall + TimeSpan.FromSeconds(15);

    [LoggerMessage(LogLevel.Warning, "{Provider} did not take delivery {DeliveryId}: {Status}, {Reason}")]
    partial void NotAccepted(string provider, Guid deliveryId, AttemptStatus status, string? reason);

    [LoggerMessage(LogLevel.Error, "{Provider} failed on delivery {DeliveryId} with {ExceptionType}, which it should have translated")]
    partial void ProviderFailed(string provider, Guid deliveryId, string? exceptionType);
}

/// <summary>The delivery's claim is held by a worker that may still be at it.</summary>
public sealed class AttemptInProgressException(Guid deliveryId, TimeSpan remaining)
    : Exception($"Delivery {deliveryId} is claimed by another worker for {remaining.TotalSeconds:0} s more")
{
    /// <summary>How long the claim still runs.</summary>
    public TimeSpan Remaining => remaining;
}
