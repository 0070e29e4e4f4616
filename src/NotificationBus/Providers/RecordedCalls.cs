using System.Data.Common;
using System.Diagnostics;
using MassTransit;
using Microsoft.Extensions.Logging;
using NotificationBus.Contracts;
using NotificationBus.Messaging;
using NotificationBus.Model;
using NotificationBus.Providers.Accounts;
using NotificationBus.Telemetry;

namespace NotificationBus.Providers;

/// <summary>
/// The calls to providers of one channel. Every call is claimed before and recorded after; the ledger and not the broker says what was
/// tried already when a command comes again.
/// </summary>
sealed partial class RecordedCalls(
    IChannel channel,
    IAttemptLedger ledger,
    TimeProvider clock,
    ILogger<RecordedCalls> log,
    FlowMetrics metrics
)
{
    /// <summary>The calls that are on record for a delivery.</summary>
    public Task<IReadOnlyList<DeliveryAttempt>> Of(Guid notificationId, Guid deliveryId, CancellationToken cancellationToken) =>
        ledger.AttemptsOf(notificationId, deliveryId, cancellationToken);

    /// <summary>The same as they are now.</summary>
    public async Task<AttemptClaim> Known(Guid notificationId, Guid deliveryId, CancellationToken cancellationToken) =>
        new(await Of(notificationId, deliveryId, cancellationToken), clock.GetUtcNow());

    /// <summary>
    /// Claims the next call. A claim that is written after its caller has left keeps everybody away, so that none is given up.
    /// </summary>
    public Task<AttemptClaim> Claim(DeliveryAttempt attempt, Delivery delivery, IProvider provider) =>
        ledger.Claim(attempt, channel.Canonical(delivery.Address), delivery.Category, LeaseOf(provider), CancellationToken.None);

    /// <summary>Makes a call that was claimed, and records how it came out.</summary>
    /// <param name="admission">Lets it be made.</param>
    /// <param name="delivery">What is sent.</param>
    /// <param name="claimed">The call.</param>
    /// <param name="command">The command that asks for it.</param>
    /// <param name="round">Takes note of it, and says what is told.</param>
    public async Task Call(Admission.Granted admission, Delivery delivery, DeliveryAttempt claimed, SendDelivery command, ChainRound round)
    {
        var provider = admission.Account.Provider;
        using var span = FlowTracing.Send(channel.Name, provider.Name, command.TraceParent);
        if (span is { Recorded: true })
            claimed = claimed with { TraceParent = span.Id };
        var answer = await admission.Call(() => Measure(provider, delivery, span));
        // What may be repeated goes on like what was not sent, but nobody may say that it was not.
        var (outcome, result) =
            answer is ProviderResult.InDoubt { RepetitionIsKnown: true } harmless && !command.HoldWhenInDoubt
                ? (
                    claimed with
                    {
                        Status = AttemptStatus.Repeatable,
                        Reason = harmless.Reason,
                    },
                    new ProviderResult.Unavailable(harmless.Reason, OnlyThisDelivery: harmless.OnlyThisDelivery)
                )
                : (OutcomeOf(claimed, answer), answer);
        var suppressed = result is ProviderResult.Rejected { AddressIsWrong: true } ? channel.Canonical(delivery.Address) : null;
        await Record(outcome with { Told = round.Add(outcome, result) }, suppressed);
        if (outcome.Status != AttemptStatus.Accepted)
            NotAccepted(provider.Name, delivery.Id, delivery.NotificationId, outcome.Status, outcome.Reason);
    }

    /// <summary>A number that was claimed and not used: certainly nothing was sent under it.</summary>
    public async Task NotCalled(DeliveryAttempt claimed, ChainRound round)
    {
        const string Why = "not called: meanwhile it may have forgotten that it was asked before";
        var result = new ProviderResult.Unavailable(Why, OnlyThisDelivery: true);
        var outcome = OutcomeOf(claimed with { StartedAt = clock.GetUtcNow() }, result);
        await Record(outcome with { Told = round.Add(outcome, result) }, suppressedAddress: null);
    }

    static DeliveryAttempt OutcomeOf(DeliveryAttempt claimed, ProviderResult result) =>
        result switch
        {
            ProviderResult.Accepted accepted => claimed with
            {
                Status = AttemptStatus.Accepted,
                ProviderMessageId = accepted.ProviderMessageId,
                Reason = accepted.Remark,
            },
            ProviderResult.Rejected rejected => claimed with { Status = AttemptStatus.Rejected, Reason = rejected.Reason },
            ProviderResult.Declined declined => claimed with { Status = AttemptStatus.Declined, Reason = declined.Reason },
            ProviderResult.Unavailable unavailable => claimed with
            {
                Status = AttemptStatus.Unavailable,
                Reason = unavailable.Reason,
                RetryAfter = unavailable.RetryAfter,
            },
            ProviderResult.Throttled throttled => claimed with
            {
                Status = AttemptStatus.Throttled,
                Reason = throttled.Reason,
                RetryAfter = throttled.RetryAfter,
            },
            ProviderResult.Misconfigured misconfigured => claimed with
            {
                Status = AttemptStatus.Misconfigured,
                Reason = misconfigured.Reason,
            },
            ProviderResult.InDoubt inDoubt => claimed with { Status = AttemptStatus.InDoubt, Reason = inDoubt.Reason },
            _ => throw new NotSupportedException($"Unknown result {result.GetType().Name}"),
        };

    /// <summary>
    /// Takes over what an earlier command of the same delivery did. A call whose claim ran out without an outcome is in doubt.
    /// </summary>
    /// <param name="claim">What is on record.</param>
    /// <param name="round">Goes on with it, and says what is told.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>What became of it, when it was cancelled; else null, and the round has taken it over.</returns>
    public async Task<ChainOutcome?> Settle(AttemptClaim claim, ChainRound round, CancellationToken cancellationToken)
    {
        var last = claim.Calls is [.., { Status: AttemptStatus.Started } left]
            ? left with
            {
                Status = AttemptStatus.InDoubt,
                Reason = ChainRound.WorkerDied,
            }
            : null;
        IReadOnlyList<DeliveryAttempt> calls = last is null ? claim.Calls : [.. claim.Calls.SkipLast(1), last];
        var ended = claim.Cancellation is { } cancellation ? ChainRound.CalledOff(cancellation, calls) : null;
        if (ended is null)
            round.TakeOver(calls);
        if (
            last is not null
            && !await ledger.Record(last with { Told = round.ToldOf(last, ended) }, suppressedAddress: null, cancellationToken)
        )
        {
            var settled = $"Attempt {last.Number} of delivery {last.DeliveryId} was settled by another worker";
            throw new ConcurrencyException(settled, typeof(DeliveryAttempt), last.DeliveryId);
        }

        return ended;
    }

    async Task<ProviderResult> Measure(IProvider provider, Delivery delivery, Activity? span)
    {
        var began = clock.GetTimestamp();
        var result = await Ask(provider, delivery);
        var outcome = WordFor(result);
        metrics.Called(provider.Name, channel.Name, outcome, clock.GetElapsedTime(began));
        span.CameOut(outcome, isTaken: result is ProviderResult.Accepted);
        return result;
    }

    static string WordFor(ProviderResult result) =>
        result switch
        {
            ProviderResult.Accepted => "accepted",
            ProviderResult.Rejected => "rejected",
            ProviderResult.Declined => "declined",
            ProviderResult.Unavailable => "unavailable",
            ProviderResult.Throttled => "throttled",
            ProviderResult.Misconfigured => "misconfigured",
            _ => "in-doubt",
        };

    async Task<ProviderResult> Ask(IProvider provider, Delivery delivery)
    {
        try
        {
            // Not cancelled when the host stops: the host waits, and a call cut off in the middle would be in doubt.
            using var limit = new CancellationTokenSource(provider.LongestCall);
            return await provider.Send(delivery, limit.Token) switch
            {
                // Of one application's sender, the others' mail is not to wait.
                ProviderResult.Misconfigured { MayBeSender: true } wrong when delivery.Sender is not null => new ProviderResult.Unavailable(
                    $"{wrong.Reason} (the sender is its application's own)",
                    OnlyThisDelivery: true
                )
                {
                    RateLimit = wrong.RateLimit,
                },
                var result => result,
            };
        }
        catch (Exception exception)
        {
            // Not the exception itself: its text may repeat what was sent.
            ProviderFailed(provider.Name, delivery.Id, delivery.NotificationId, exception.GetType().FullName);
            return new ProviderResult.InDoubt($"the provider failed: {exception.GetType().Name}");
        }
    }

    /// <summary>
    /// Writes down what the provider answered. It is known only here, so that whatever keeps the ledger from taking it is waited out, also
    /// longer than the claim lasts: the command is still in this worker's hands, and nobody else has it. Should it be taken away all the
    /// same, what is on record stays.
    /// </summary>
    Task Record(DeliveryAttempt outcome, string? suppressedAddress) =>
        Outages.WaitOut(
            async () =>
            {
                if (!await ledger.Record(outcome, suppressedAddress, CancellationToken.None))
                    AnsweredLate(outcome.Provider, outcome.DeliveryId, outcome.NotificationId, outcome.Status);
            },
            failure => failure is DbException,
            clock
        );

    // Longer than the call can take, so that a worker that is merely slow is not taken for dead.
    static TimeSpan LeaseOf(IProvider provider) => provider.LongestCall + TimeSpan.FromSeconds(15);

    [LoggerMessage(LogLevel.Warning, "{Provider} did not take delivery {DeliveryId} of notification {NotificationId}: {Status}, {Reason}")]
    partial void NotAccepted(string provider, Guid deliveryId, Guid notificationId, AttemptStatus status, string? reason);

    [LoggerMessage(
        LogLevel.Error,
        "{Provider} failed on delivery {DeliveryId} of notification {NotificationId} with {ExceptionType}, which it should have translated"
    )]
    partial void ProviderFailed(string provider, Guid deliveryId, Guid notificationId, string? exceptionType);

    [LoggerMessage(
        LogLevel.Warning,
        "{Provider} answered {Status} for delivery {DeliveryId} of notification {NotificationId} after the claim had run out; "
            + "the record says in doubt"
    )]
    partial void AnsweredLate(string provider, Guid deliveryId, Guid notificationId, AttemptStatus status);
}
