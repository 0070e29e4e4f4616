using NotificationBus.Contracts;
using NotificationBus.Sending.Accounts;

namespace NotificationBus.Sending;

/// <summary>
/// One command's way through the providers of its channel: who was asked, who could not be, and who is next. Decides, and does
/// nothing itself.
/// </summary>
/// <remarks>
/// <list type="bullet">
/// <item>Certainly not sent: the next provider, at once. The last one there is gets a few more tries.</item>
/// <item>In doubt: held when the category says so; else the same provider once more, who may know the delivery by its id, then the next.</item>
/// <item>Declined in this form: the next provider, at once. Refused for good when all of them decline it.</item>
/// <item>Refused for good: nobody.</item>
/// </list>
/// </remarks>
sealed class ChainRound(IReadOnlyList<ProviderAccount> order, SendDelivery command)
{
    /// <summary>Why an attempt is in doubt whose worker never recorded an outcome.</summary>
    public const string WorkerDied = "the worker died before it recorded an outcome";

    // Once more: a provider that keeps breaking the connection after taking the message would send it over and over.
    const int MostAnswersInDoubt = 2;

    // A command that kills its worker is not tried for ever.
    const int MostWorkersDied = 10;

    // By then a person should look, before the recipient has it a dozen times.
    const int MostInDoubtInAll = 5;

    const int MostTriesAtTheLast = 3;

    readonly List<DeliveryAttempt> _attempts = [];
    readonly Dictionary<ProviderAccount, Admission.Refused> _refused = [];
    bool _mayTryAgain;

    /// <summary>The number of the last call, also of earlier rounds.</summary>
    public int AttemptsMade => _attempts.Count > 0 ? _attempts[^1].Number : command.EarlierAttempts;

    /// <summary>True when the next call is another try at the provider that was asked last.</summary>
    public bool IsRetry { get; private set; }

    /// <summary>The account to ask next; null when the round is over.</summary>
    public ProviderAccount? Next()
    {
        IsRetry = false;
        if (_attempts.Count == 0)
            return order.FirstOrDefault(MayBeAsked);

        var last = _attempts[^1];
        if (last.Status is AttemptStatus.Accepted or AttemptStatus.Rejected)
            return null;

        if (last.Status == AttemptStatus.InDoubt)
        {
            if (command.HoldWhenInDoubt || InDoubtInAll >= MostInDoubtInAll)
                return null;
            if (MayAskAgain(last) && Find(last.Provider) is { } same)
                return same;
        }

        return order.FirstOrDefault(account => MayBeAsked(account) && !WasAsked(account)) ?? AgainAtTheLast(last);
    }

    /// <summary>True when this account may have sent the delivery already.</summary>
    public bool MayHaveBeenSentBy(ProviderAccount account) =>
        _attempts.Exists(attempt => attempt.Provider == account.Name && attempt.Status == AttemptStatus.InDoubt);

    /// <summary>The attempt that is about to be made.</summary>
    public DeliveryAttempt Claim(string channel, ProviderAccount account) => new()
    {
        DeliveryId = command.DeliveryId,
        NotificationId = command.NotificationId,
        Number = AttemptsMade + 1,
        Channel = channel,
        Provider = account.Name,
        Status = AttemptStatus.Started,
    };

    /// <summary>Notes how a call came out.</summary>
    public void Add((DeliveryAttempt Outcome, ProviderResult Result) call)
    {
        _attempts.Add(call.Outcome);
        _mayTryAgain = call.Result is ProviderResult.Unavailable { OnlyThisDelivery: false, RetryAfter: null };
    }

    /// <summary>Notes that an account cannot be asked now.</summary>
    public void Refuse(ProviderAccount account, Admission.Refused refused) => _refused[account] = refused;

    /// <summary>Goes on where an earlier command of the same delivery stopped.</summary>
    public void TakeOver(IEnumerable<DeliveryAttempt> attempts)
    {
        _attempts.Clear();
        _attempts.AddRange(attempts.Where(attempt => attempt.Number > command.EarlierAttempts));
        _mayTryAgain = false;
    }

    /// <summary>Another worker may still be calling a provider; null when it is not, or has been silent for too long.</summary>
    public ChainOutcome.NotNow? InProgress(AttemptClaim claim) =>
        claim.Calls is [.., { Status: AttemptStatus.Started } last] && last.LeaseUntil > claim.Now
            ? Later("another worker is at it", last.LeaseUntil - claim.Now) with { InProgress = true }
            : null;

    /// <summary>The delivery's turn is later.</summary>
    public ChainOutcome.NotNow Paced(Admission.Paced paced) =>
        Later($"{paced.Slot.Account} is called no more often than it allows", paced.Wait) with { Slot = paced.Slot };

    /// <summary>What has come out when nobody is left to ask.</summary>
    public ChainOutcome Conclude()
    {
        var inDoubt = _attempts.FindLast(attempt => attempt.Status == AttemptStatus.InDoubt);
        if (_attempts.Count > 0 && _attempts[^1] is { Status: AttemptStatus.Accepted } accepted)
            return new ChainOutcome.Sent(accepted);

        // Whatever was answered afterwards, what is in doubt may have been sent, and the result must say so.
        if (_attempts.Count > 0 && (_attempts[^1].Status == AttemptStatus.Rejected || order.All(IsDeclinedBy)))
            return new ChainOutcome.Refused(_attempts[^1].Provider, inDoubt is null ? WhyRefused() : $"{WhyRefused()}; in doubt before, it may have been sent: {inDoubt.Reason}", AttemptsMade);

        if (inDoubt is not null && (command.HoldWhenInDoubt || InDoubtInAll >= MostInDoubtInAll))
            return new ChainOutcome.Held(inDoubt, inDoubt.Number);

        return Later(WhyNotNow(), order.Min(HowLong));
    }

    /// <summary>What has come out of a delivery that was cancelled: it is cancelled when it is certain that no provider took it.</summary>
    /// <param name="cancellation">Its cancellation.</param>
    /// <param name="calls">All calls that were made for it.</param>
    public static ChainOutcome CalledOff(DeliveryAttempt cancellation, IReadOnlyList<DeliveryAttempt> calls) =>
        calls.LastOrDefault(call => call.Status == AttemptStatus.Accepted) is { } accepted ? new ChainOutcome.Sent(accepted)
        : calls.LastOrDefault(call => call.MayHaveBeenSent) is { } inDoubt ? new ChainOutcome.Held(inDoubt, calls.Count) { IsCancelled = true }
        : new ChainOutcome.Cancelled(cancellation);

    ChainOutcome.NotNow Later(string reason, TimeSpan? atLeast) => new()
    {
        Reason = reason,
        Provider = _attempts.Count > 0 ? _attempts[^1].Provider : null,
        AtLeast = atLeast > TimeSpan.Zero ? atLeast : null,
        Attempts = AttemptsMade,
        InDoubt = InDoubtInAll,
    };

    int InDoubtInAll => command.EarlierInDoubt + _attempts.Count(attempt => attempt.Status == AttemptStatus.InDoubt && attempt.Reason != WorkerDied);

    bool MayBeAsked(ProviderAccount account) => !_refused.ContainsKey(account);

    bool WasAsked(ProviderAccount account) => _attempts.Exists(attempt => attempt.Provider == account.Name);

    ProviderAccount? Find(string name) => order.FirstOrDefault(account => account.Name == name && MayBeAsked(account));

    bool MayAskAgain(DeliveryAttempt last) => last.Reason == WorkerDied
        ? _attempts.Count(attempt => attempt.Reason == WorkerDied) < MostWorkersDied
        : _attempts.Count(attempt => attempt.Provider == last.Provider && attempt.Status == AttemptStatus.InDoubt && attempt.Reason != WorkerDied) < MostAnswersInDoubt;

    ProviderAccount? AgainAtTheLast(DeliveryAttempt last)
    {
        if (!_mayTryAgain || _attempts.Count(attempt => attempt.Provider == last.Provider) >= MostTriesAtTheLast)
            return null;

        IsRetry = true;
        return Find(last.Provider);
    }

    bool IsDeclinedBy(ProviderAccount account) => _attempts.FindLast(attempt => attempt.Provider == account.Name) is { Status: AttemptStatus.Declined };

    string WhyRefused() => _attempts[^1] is { Status: AttemptStatus.Rejected } rejected
        ? rejected.Reason ?? "refused without a reason"
        : string.Join("; ", _attempts.Where(attempt => attempt.Status == AttemptStatus.Declined).Select(attempt => attempt.Reason).Distinct(StringComparer.Ordinal));

    TimeSpan? HowLong(ProviderAccount account) => IsDeclinedBy(account) ? null
        : _refused.TryGetValue(account, out var refused) ? refused.For
        : _attempts.FindLast(attempt => attempt.Provider == account.Name) is not { RetryAfter: { } asked } last ? TimeSpan.Zero
        // By then the account is called again.
        : last.Status == AttemptStatus.Throttled ? Pacing.Limited(asked)
        : asked;

    string WhyNotNow()
    {
        var last = _attempts.Count > 0 ? $"no provider is available, the last one said: {_attempts[^1].Reason}" : "no provider is available";
        return _refused.Count == 0 ? last : string.Join("; ", [last, .. _refused.Values.Select(refused => refused.Reason)]);
    }
}
