using NotificationBus.Contracts;

namespace NotificationBus.Providers.Accounts;

/// <summary>
/// The findings of a host about a provider account, told to all hosts. What each of them changes says <see cref="ProviderHealth"/>; the
/// store counts times by its own clock, and lets one host at a time change an account.
/// </summary>
public interface IProviderHealth
{
    /// <summary>
    /// Changes what is known of an account by a rule, and tells every host when that is anything new. The rule may be asked more than once.
    /// </summary>
    /// <param name="account">The account.</param>
    /// <param name="limit">The rate that is set, calls per second; null when none is, or it does not matter.</param>
    /// <param name="rule">What it becomes, by the clock of the store.</param>
    Task Change(string account, double? limit, Func<ProviderHealth, DateTimeOffset, ProviderHealth> rule);

    /// <summary>
    /// Takes the next free slot of an account that is called at most <paramref name="perSecond"/> times a second, all hosts together. The
    /// transactional lane does not wait behind the other: it takes slots that bulk deliveries wait for, which then have to give up their
    /// turn.
    /// </summary>
    /// <returns>How long to wait for it.</returns>
    Task<TimeSpan> Reserve(string account, double perSecond, Lane lane);

    /// <summary>Asks for a bulk delivery whose turn has come whether its slot is still its own.</summary>
    /// <returns>False, once for each slot that the transactional lane took: then it takes another one.</returns>
    Task<bool> KeepsSlot(string account);
}

/// <summary>What a host may find out about an account.</summary>
public static class ProviderFindings
{
    /// <summary>Opens the circuit, or keeps it open after a failed probe.</summary>
    /// <param name="health">Where it is told.</param>
    /// <param name="account">The account.</param>
    /// <param name="breakFor">How long no probe is made.</param>
    /// <param name="reason">Why, for an operator.</param>
    /// <param name="needsAttention">True when only a person can mend it.</param>
    public static Task Open(this IProviderHealth health, string account, TimeSpan breakFor, string reason, bool needsAttention) =>
        health.Change(account, limit: null, (known, now) => known.Opened(now, breakFor, reason, needsAttention));

    /// <summary>Asks to make the one probe that is allowed at a time while the circuit is open.</summary>
    /// <param name="health">Where it is told.</param>
    /// <param name="account">The account.</param>
    /// <param name="lease">How long others keep away when no outcome follows.</param>
    public static async Task<bool> TryProbe(this IProviderHealth health, string account, TimeSpan lease)
    {
        var granted = false;
        await health.Change(account, limit: null, (known, now) => known.TryProbe(now, lease, out granted));
        return granted;
    }

    /// <summary>A probe was taken; the circuit closes when <paramref name="needed"/> have been, one after the other.</summary>
    public static Task ProbePassed(this IProviderHealth health, string account, int needed) =>
        health.Change(account, limit: null, (known, now) => known.ProbePassed(now, needed));

    /// <summary>A probe that was allowed was not made after all.</summary>
    public static Task ProbeNotMade(this IProviderHealth health, string account) =>
        health.Change(account, limit: null, (known, _) => known.ProbeNotMade());

    /// <summary>
    /// The provider asked to be left alone. Calls that were made together are turned away together, on several hosts: only the first of
    /// them cuts the rate, and by the same write puts back those who wait in line.
    /// </summary>
    /// <param name="health">Where it is told.</param>
    /// <param name="account">The account.</param>
    /// <param name="pause">For how long.</param>
    /// <param name="reason">What it said.</param>
    /// <param name="cut">How the rate is cut; null leaves it as it is.</param>
    public static Task Pause(this IProviderHealth health, string account, TimeSpan pause, string reason, RateCut? cut) =>
        health.Change(account, cut?.Limit, (known, now) => known.Paused(now, pause, reason, cut));

    /// <summary>
    /// Raises the learned rate by a factor, at most once in <paramref name="interval"/> over all hosts, and forgets it a good while after
    /// the last complaint. By the same write those who wait in line come forward.
    /// </summary>
    /// <param name="health">Where it is told.</param>
    /// <param name="account">The account.</param>
    /// <param name="factor">Above 1.</param>
    /// <param name="interval">How long it must have been the same.</param>
    /// <param name="forgetAfter">How long nothing was complained of when it is forgotten.</param>
    /// <param name="limit">The rate that is set, calls per second; null when none is.</param>
    public static Task RaiseLearnedRate(
        this IProviderHealth health,
        string account,
        double factor,
        TimeSpan interval,
        TimeSpan forgetAfter,
        double? limit
    ) => health.Change(account, limit, (known, now) => known.RateRaised(now, factor, interval, forgetAfter));
}

/// <summary>The cut of a rate after a complaint.</summary>
/// <param name="TooMuch">What was too much when no rate has been learned yet, calls per second; null when that is not known.</param>
/// <param name="Factor">What is left of it, below 1.</param>
/// <param name="Least">It is never cut below, calls per second.</param>
/// <param name="Limit">
/// The rate that is set, calls per second; null when none is. Those who wait are put back only as far as the lower of the two rates
/// changes.
/// </param>
public sealed record RateCut(double? TooMuch, double Factor, double Least, double? Limit)
{
    /// <summary>The rate to go on with, given what had been learned before; null when nothing is known.</summary>
    public double? After(double? learned) => (learned ?? TooMuch) is { } rate ? Math.Max(rate * Factor, Least) : null;
}
