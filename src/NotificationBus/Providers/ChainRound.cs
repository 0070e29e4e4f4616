using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Providers.Accounts;

namespace NotificationBus.Providers;

/// <summary>
/// One command's way through the providers of its channel: who was asked, who could not be, and who is next. Decides, and does
/// nothing itself.
/// </summary>
/// <remarks>
/// <list type="bullet">
/// <item>Certainly not sent: the next provider, at once. The last one there is gets a few more tries.</item>
/// <item>Declined in this form: the next provider, at once. Refused for good when all of them decline it.</item>
/// <item>In doubt: held when the category says so, or when it has been so too often. Else nobody for now: the round that comes after a
/// while begins with the same provider, who may know the delivery by its id, and the one after that with another.</item>
/// <item>In doubt because its worker died: the same provider at once, for its claim has run out meanwhile.</item>
/// <item>In doubt at a provider that still knows the delivery by its id (<see cref="IProvider.KnowsRepetitionFor"/>): nobody else, whatever
/// the category says, for that is the only one whom to ask does no harm. That counts from its first call, and not at all when the clock was
/// set back since. When it has forgotten it, when it cannot be asked any more, or, of what is to be sent again all the same, when half of
/// the time is over that the others have, it is in doubt like any other.</item>
/// <item>Refused for good: nobody.</item>
/// </list>
/// </remarks>
sealed class ChainRound(IReadOnlyList<ProviderAccount> order, SendDelivery command, int mostInDoubt, TimeProvider clock)
{
    /// <summary>The reason why an attempt is in doubt whose worker never recorded an outcome.</summary>
    public const string WorkerDied = "the worker died before it recorded an outcome";

    // A command that kills its worker is not tried for ever.
    const int MostWorkersDied = 10;

    const int MostTriesAtTheLast = 3;

    // What a vendor's clock and ours may differ by, and what may pass between the decision to call and the call.
    static readonly TimeSpan Margin = TimeSpan.FromMinutes(1);

    // A difference that need not mean that a clock was set.
    static readonly TimeSpan ClockError = TimeSpan.FromSeconds(2);

    // Whoever is out of order is asked again before, however long it wants to be left alone: nobody knows when it is back, and its circuit
    // limits the calls.
    static readonly TimeSpan LongestInOutage = TimeSpan.FromMinutes(1);

    readonly List<DeliveryAttempt> _earlier = [];
    readonly List<DeliveryAttempt> _attempts = [];
    readonly Dictionary<ProviderAccount, Admission.Refused> _refused = [];
    readonly HashSet<string> _failed = new(StringComparer.Ordinal);
    bool _mayTryAgain;

    /// <summary>The number of the last call, also of earlier rounds.</summary>
    public int AttemptsMade => _attempts.Count > 0 ? _attempts[^1].Number : command.EarlierAttempts;

    /// <summary>True when the next call is another try at the provider that was asked last.</summary>
    public bool IsRetry { get; private set; }

    /// <summary>The account to ask next; null when the round is over.</summary>
    public ProviderAccount? Next()
    {
        IsRetry = false;
        if (_attempts.Count == 0 && _earlier.Count == 0 && !LeftToOperator)
            return order.FirstOrDefault(MayBeAsked);

        var knowing = Knowing();
        if (knowing is null && LeftToOperator)
            return null;
        if (_attempts.Count == 0)
            return order.Where(account => MayBeAsked(account) && (knowing is null || account == knowing)).MinBy(Turn);

        var last = _attempts[^1];
        if (last.Status is AttemptStatus.Accepted or AttemptStatus.Rejected || IsAnswerInDoubt(last))
            return null;

        if (last.Status == AttemptStatus.InDoubt && !KillsWorkers && Find(last.Provider) is { } same)
            return same;

        return order.FirstOrDefault(account => MayBeAsked(account) && !WasAsked(account) && (knowing is null || account == knowing))
            ?? AgainAtTheLast(last);
    }

    /// <summary>True when this account may have sent the delivery already.</summary>
    public bool MayHaveBeenSentBy(ProviderAccount account) =>
        All.Any(attempt => attempt.Provider == account.Name && attempt.Status == AttemptStatus.InDoubt);

    /// <summary>The attempt that is about to be made.</summary>
    public DeliveryAttempt Claim(string channel, ProviderAccount account) =>
        new()
        {
            DeliveryId = command.DeliveryId,
            NotificationId = command.NotificationId,
            Number = AttemptsMade + 1,
            Channel = channel,
            Provider = account.Name,
            Status = AttemptStatus.Started,
        };

    /// <summary>Notes how a call came out, and says what other services are told of it; null for nothing.</summary>
    public DeliveryAttemptFailed? Add(DeliveryAttempt outcome, ProviderResult result)
    {
        _attempts.Add(outcome);
        if (result is ProviderResult.Unavailable { OnlyThisDelivery: false })
            _failed.Add(outcome.Provider);
        _mayTryAgain = result is ProviderResult.Unavailable { OnlyThisDelivery: false, RetryAfter: null };
        return ToldOf(outcome);
    }

    /// <summary>What other services are told of the last call; null for nothing.</summary>
    /// <param name="last">The call.</param>
    /// <param name="ended">What became of its delivery; null when that is decided here.</param>
    public DeliveryAttemptFailed? ToldOf(DeliveryAttempt last, ChainOutcome? ended = null)
    {
        if (command.Told is not { } told || last.Status == AttemptStatus.Accepted)
            return null;

        // Whether it can be asked is seen when it is.
        var account = ended is null ? Next() : null;
        return new DeliveryAttemptFailed
        {
            NotificationId = command.NotificationId,
            DeliveryId = command.DeliveryId,
            Application = command.Application ?? Applications.Default,
            Category = command.Category,
            EventName = told.EventName,
            EventId = told.EventId,
            RecipientId = command.RecipientId,
            Keys = told.Keys ?? BusinessKeys.None,
            Channel = last.Channel,
            Provider = last.Provider,
            Attempt = last.Number,
            Code = DeliveryReasons.CodeOf(last.Status),
            Next =
                account is null ? NextAfter(ended ?? Conclude())
                : account.Name == last.Provider ? NextAttempt.SameAccount
                : NextAttempt.NextAccount,
            NextProvider = account?.Name,
            At = clock.GetUtcNow(),
        };
    }

    string NextAfter(ChainOutcome outcome) =>
        outcome switch
        {
            ChainOutcome.Held => NextAttempt.Held,
            ChainOutcome.NotNow notNow when !notNow.IsGivenUpFor(command) => NextAttempt.Later,
            _ => NextAttempt.None,
        };

    /// <summary>
    /// True when it matters what earlier rounds have tried, and nobody has said so: when the provider that left it in doubt was called
    /// first.
    /// </summary>
    public bool LacksEarlier =>
        command.EarlierAttempts > 0 && _earlier.Count == 0 && _attempts.Exists(attempt => attempt.Status == AttemptStatus.InDoubt);

    /// <summary>Notes what earlier rounds have tried.</summary>
    public void Remember(IEnumerable<DeliveryAttempt> attempts)
    {
        _earlier.Clear();
        _earlier.AddRange(attempts.Where(attempt => attempt.Number <= command.EarlierAttempts));
    }

    /// <summary>Notes that an account cannot be asked now.</summary>
    public void Refuse(ProviderAccount account, Admission.Refused refused) => _refused[account] = refused;

    /// <summary>Goes on where an earlier command of the same delivery stopped.</summary>
    public void TakeOver(IReadOnlyList<DeliveryAttempt> attempts)
    {
        Remember(attempts);
        _attempts.Clear();
        _attempts.AddRange(attempts.Where(attempt => attempt.Number > command.EarlierAttempts));
        _mayTryAgain = false;
    }

    /// <summary>Another worker may still be calling a provider; null when it is not, or has been silent for too long.</summary>
    public ChainOutcome.NotNow? InProgress(AttemptClaim claim) =>
        claim.Calls is [.., { Status: AttemptStatus.Started } last] && last.LeaseUntil > claim.Now
            ? Later("another worker is at it", ReasonCode.InProgress, last.LeaseUntil - claim.Now) with
            {
                Account = last.Provider,
                InProgress = true,
            }
            : null;

    /// <summary>The delivery's turn is later.</summary>
    public ChainOutcome.NotNow Paced(Admission.Paced paced) =>
        Later($"{paced.Slot.Account} is called no more often than it allows", ReasonCode.Paced, paced.Wait) with
        {
            Account = paced.Slot.Account,
            Slot = paced.Slot,
        };

    /// <summary>Nobody may be asked. Whatever forbids it says nothing about a call before.</summary>
    public ChainOutcome RefusedUnasked(string reason, string code) =>
        LeftToOperator ? Held() : new ChainOutcome.Refused(Provider: null, WithDoubt(reason), code, AttemptsMade);

    /// <summary>Decides the outcome when nobody is left to ask.</summary>
    public ChainOutcome Conclude()
    {
        if (_attempts.Count > 0 && _attempts[^1] is { Status: AttemptStatus.Accepted } accepted)
            return new ChainOutcome.Sent(accepted);

        var isRejected = _attempts.Count > 0 && _attempts[^1].Status == AttemptStatus.Rejected;
        var knowing = Knowing();
        if (LeftToOperator && (knowing is null || isRejected || KillsWorkers))
            return Held();
        if (isRejected || (_attempts.Count > 0 && order.All(IsDeclinedBy)))
            return new ChainOutcome.Refused(
                _attempts[^1].Provider,
                WithDoubt(WhyRefused()),
                isRejected ? ReasonCode.Rejected : ReasonCode.Declined,
                AttemptsMade
            );
        if (Risky.Count() >= mostInDoubt)
            return Held();

        var (code, account) = CodeNotNow();
        return Later(WhyNotNow(), code, knowing is null ? order.Min(HowLong) : HowLong(knowing)) with
        {
            Account = account,
            AtMost = knowing is null ? null : AskedAloneUntil(knowing) - clock.GetUtcNow(),
            EndedInDoubt = EndedInDoubt,
            IsOutage = _failed.Count > 0 || _refused.Values.Any(refused => refused is { IsShut: true, For: not null }),
            // Also of one that was asked: that call may have been the one that shut it, or another one may soon.
            WaitsForProvider = !EndedInDoubt && (_failed.Count > 0 || _refused.Values.Any(refused => refused.IsShut)),
        };
    }

    ChainOutcome.Held Held()
    {
        var inDoubt = All.Last(attempt => attempt.Status == AttemptStatus.InDoubt);
        return new ChainOutcome.Held(inDoubt, AttemptsMade);
    }

    /// <summary>Whatever was answered afterwards, what is in doubt may have been sent, and the result must say so.</summary>
    string WithDoubt(string reason) =>
        All.LastOrDefault(attempt => attempt.MayHaveBeenSent) is { } inDoubt
            ? $"{reason}; in doubt before, it may have been sent: {inDoubt.Reason}"
            : reason;

    /// <summary>
    /// Decides the outcome of a delivery that was cancelled: it is cancelled when it is certain that no provider took it.
    /// </summary>
    /// <param name="cancellation">Its cancellation.</param>
    /// <param name="calls">All calls that were made for it.</param>
    public static ChainOutcome CalledOff(DeliveryAttempt cancellation, IReadOnlyList<DeliveryAttempt> calls) =>
        calls.LastOrDefault(call => call.Status == AttemptStatus.Accepted) is { } accepted ? new ChainOutcome.Sent(accepted)
        : calls.LastOrDefault(call => call.MayHaveBeenSent) is { } inDoubt
            ? new ChainOutcome.Held(inDoubt, calls.Count) { IsCancelled = true }
        : new ChainOutcome.Cancelled(cancellation);

    ChainOutcome.NotNow Later(string reason, string code, TimeSpan? atLeast) =>
        new()
        {
            Reason = reason,
            Code = code,
            Provider = _attempts.Count > 0 ? _attempts[^1].Provider : null,
            AtLeast = atLeast > TimeSpan.Zero ? atLeast : null,
            Attempts = AttemptsMade,
            InDoubt = InDoubtInAll,
            MayHaveBeenSent = command.MayHaveBeenSent || All.Any(attempt => attempt.MayHaveBeenSent),
        };

    IEnumerable<DeliveryAttempt> All => _earlier.Concat(_attempts);

    bool EndedInDoubt => _attempts.Count > 0 && IsAnswerInDoubt(_attempts[^1]);

    bool KillsWorkers => _attempts.Count(attempt => attempt.Reason == WorkerDied) >= MostWorkersDied;

    int InDoubtInAll => command.EarlierInDoubt + _attempts.Count(CountsAsDoubt);

    /// <summary>
    /// True when it is handed on as one that left it in doubt: whoever comes later could not tell it from what an operator has decided
    /// about. Where it is sent again all the same, a worker that died keeps nobody from another channel.
    /// </summary>
    bool CountsAsDoubt(DeliveryAttempt attempt) =>
        command.HoldWhenInDoubt ? attempt.Status == AttemptStatus.InDoubt : IsAnswerInDoubt(attempt);

    bool LeftToOperator => IsForOperator(command, _attempts);

    /// <summary>True when the category leaves it to an operator what becomes of it, and none has decided about it yet.</summary>
    /// <param name="command">The command: what was in doubt before it.</param>
    /// <param name="attempts">The calls since.</param>
    public static bool IsForOperator(SendDelivery command, IReadOnlyList<DeliveryAttempt> attempts) =>
        command.HoldWhenInDoubt
        && (
            command.EarlierInDoubt > 0
            || attempts.Any(attempt =>
                attempt.Number > command.EarlierAttempts && attempt.Status is AttemptStatus.InDoubt or AttemptStatus.Started
            )
        );

    /// <summary>The answers since an operator decided last of which each may have sent it once more.</summary>
    IEnumerable<DeliveryAttempt> Risky =>
        _earlier
            .Where(CountsAsDoubt)
            .TakeLast(command.EarlierInDoubt)
            .Concat(_attempts)
            .Where(IsAnswerInDoubt)
            .Where(attempt =>
                order.FirstOrDefault(account => account.Name == attempt.Provider) is not { } account || !IsRepetition(attempt, account)
            );

    /// <summary>The one provider to ask: who still knows the delivery by its id, and can be asked. Null when any may be.</summary>
    ProviderAccount? Knowing() =>
        order.FirstOrDefault(account =>
            AskedAloneUntil(account) > clock.GetUtcNow()
            && !ClockWasSetBack(int.MaxValue, clock.GetUtcNow())
            && !IsDeclinedBy(account)
            && !(_refused.TryGetValue(account, out var refused) && refused.For is null)
        );

    /// <summary>
    /// Returns the time until which a call may begin that the provider still knows for a repetition when it gets there. Of what is to be
    /// sent again all the same, half of the time belongs to the other providers: to be lost is worse than to come twice.
    /// </summary>
    DateTimeOffset? AskedAloneUntil(ProviderAccount account)
    {
        if (FirstInDoubt(account) is not { } doubt || account.Provider.KnowsRepetitionFor is not { } known)
            return null;

        // It may count from its first call, whatever it answered to that.
        var first = All.First(attempt => attempt.Provider == account.Name);
        var forgets = first.StartedAt + known - account.Provider.LongestCall - Margin;
        var half = doubt.StartedAt + (command.ExpiresAt - doubt.StartedAt) / 2;
        return half < forgets && order.Count > 1 && !command.HoldWhenInDoubt ? half : forgets;
    }

    /// <summary>True when nobody could say any more how long ago a call was: the record's clock had been set back since.</summary>
    bool ClockWasSetBack(int number, DateTimeOffset now)
    {
        var times = All.Where(attempt => attempt.Number < number).Select(attempt => attempt.StartedAt).Append(now).ToList();
        return times.Zip(times.Skip(1)).Any(pair => pair.First > pair.Second + ClockError);
    }

    DeliveryAttempt? FirstInDoubt(ProviderAccount account) =>
        All.FirstOrDefault(attempt => attempt.Provider == account.Name && attempt.Status == AttemptStatus.InDoubt);

    bool IsRepetition(DeliveryAttempt attempt, ProviderAccount account) =>
        FirstInDoubt(account) is { } first
        && attempt.Number > first.Number
        && attempt.StartedAt < AskedAloneUntil(account)
        && !ClockWasSetBack(attempt.Number, attempt.StartedAt);

    static bool IsAnswerInDoubt(DeliveryAttempt attempt) => attempt.Status == AttemptStatus.InDoubt && attempt.Reason != WorkerDied;

    /// <summary>
    /// Ranks an account: one that has left it in doubt an odd number of times is asked again, and then whoever has done so least.
    /// </summary>
    int Turn(ProviderAccount account)
    {
        var times = Risky.Count(attempt => attempt.Provider == account.Name);
        return times % 2 == 1 ? -1 : times;
    }

    bool MayBeAsked(ProviderAccount account) => !_refused.ContainsKey(account);

    bool WasAsked(ProviderAccount account) => _attempts.Exists(attempt => attempt.Provider == account.Name);

    ProviderAccount? Find(string name) => order.FirstOrDefault(account => account.Name == name && MayBeAsked(account));

    ProviderAccount? AgainAtTheLast(DeliveryAttempt last)
    {
        if (!_mayTryAgain || _attempts.Count(attempt => attempt.Provider == last.Provider) >= MostTriesAtTheLast)
            return null;

        IsRetry = true;
        return Find(last.Provider);
    }

    bool IsDeclinedBy(ProviderAccount account) =>
        _attempts.FindLast(attempt => attempt.Provider == account.Name) is { Status: AttemptStatus.Declined };

    string WhyRefused() =>
        _attempts[^1] is { Status: AttemptStatus.Rejected } rejected
            ? rejected.Reason ?? "refused without a reason"
            : string.Join(
                "; ",
                _attempts
                    .Where(attempt => attempt.Status == AttemptStatus.Declined)
                    .Select(attempt => attempt.Reason)
                    .Distinct(StringComparer.Ordinal)
            );

    TimeSpan? HowLong(ProviderAccount account)
    {
        if (IsDeclinedBy(account))
            return null;
        if (_refused.TryGetValue(account, out var refused))
            return refused.For;

        // The call may have been the one that opened the circuit, or the probe that keeps it open.
        var open = account.OpenFor ?? TimeSpan.Zero;
        if (_attempts.FindLast(attempt => attempt.Provider == account.Name) is not { RetryAfter: { } asked } last)
            return open;

        // By then the account is called again.
        var left = _failed.Contains(account.Name) && asked > LongestInOutage ? LongestInOutage : RateLimiter.Limited(asked);
        return left > open ? left : open;
    }

    /// <summary>
    /// Gives the reason why nobody takes it now in one word, and the account that is about: whoever answered last, or else whoever could
    /// not be asked and may be first.
    /// </summary>
    (string Code, string? Account) CodeNotNow()
    {
        if (_attempts.Count > 0)
            return (DeliveryReasons.CodeOf(_attempts[^1].Status), _attempts[^1].Provider);
        // An operator has taken out whoever would serve it.
        if (_refused.Count == 0)
            return (ReasonCode.ProviderOff, null);

        var (account, refused) = _refused.MinBy(refused => refused.Value.For ?? TimeSpan.MaxValue);
        return (refused.Code, account.Name);
    }

    string WhyNotNow()
    {
        if (EndedInDoubt)
            return $"nobody knows whether {_attempts[^1].Provider} has it, and it is asked again later: {_attempts[^1].Reason}";

        var last =
            _attempts.Count > 0 ? $"no provider is available, the last one said: {_attempts[^1].Reason}" : "no provider is available";
        return _refused.Count == 0 ? last : string.Join("; ", [last, .. _refused.Values.Select(refused => refused.Reason)]);
    }
}
