namespace NotificationBus.Providers.Accounts;

/// <summary>
/// The health of a provider account as the hosts have found it out, and the rules by which it changes: a circuit that opens and is probed,
/// a pause that was asked for, a rate that was learned. Whoever keeps it applies them, by a clock of its own.
/// </summary>
public sealed record ProviderHealth
{
    // Of two hosts, the one that set a time may have begun a moment later than the one that looks.
    static readonly TimeSpan ClockError = TimeSpan.FromSeconds(2);

    /// <summary>Nothing is known that speaks against it.</summary>
    public static ProviderHealth Unknown { get; } = new();

    /// <summary>
    /// True while the circuit is open: the provider is not called, except for single probes after <see cref="OpenUntil"/>.
    /// </summary>
    public bool CircuitOpen { get; init; }

    /// <summary>True when only a person can mend it: wrong credentials, a sender that is not allowed.</summary>
    public bool NeedsAttention { get; init; }

    /// <summary>The time at which the circuit last changed.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>The time until which no probe is made.</summary>
    public DateTimeOffset OpenUntil { get; init; }

    /// <summary>How far away <see cref="OpenUntil"/> was when it was set; null when that is not known.</summary>
    public TimeSpan? OpenFor { get; init; }

    /// <summary>The time until which a probe that is being made keeps other probes away.</summary>
    public DateTimeOffset ProbeUntil { get; init; }

    /// <summary>How far away <see cref="ProbeUntil"/> was when it was set; null when that is not known.</summary>
    public TimeSpan? ProbeFor { get; init; }

    /// <summary>How many probes were taken, one after the other, since the circuit opened or one of them failed.</summary>
    public int ProbesPassed { get; init; }

    /// <summary>The reason why the circuit is open, or the account is left alone.</summary>
    public string? Reason { get; init; }

    /// <summary>The time until which the provider asked to be left alone.</summary>
    public DateTimeOffset PausedUntil { get; init; }

    /// <summary>How far away <see cref="PausedUntil"/> was when it was set; null when that is not known.</summary>
    public TimeSpan? PausedFor { get; init; }

    /// <summary>Calls per second that the provider seems to allow; null when it never complained.</summary>
    public double? LearnedPerSecond { get; init; }

    /// <summary>The time at which the provider complained last, or the learned rate was raised.</summary>
    public DateTimeOffset? RateChangedAt { get; init; }

    /// <summary>
    /// The time for which nobody may make the next probe: its break is not over, or another host makes one. Null when anybody may, or the
    /// circuit is not open.
    /// </summary>
    public TimeSpan? RemainingBreak(DateTimeOffset now)
    {
        if (!CircuitOpen)
            return null;

        var (open, probe) = (Remaining(OpenUntil, OpenFor, now), Remaining(ProbeUntil, ProbeFor, now));
        return open is null || probe > open ? probe : open;
    }

    /// <summary>The time for which the provider still wants to be left alone; null when that is over.</summary>
    public TimeSpan? RemainingPause(DateTimeOffset now) => Remaining(PausedUntil, PausedFor, now);

    /// <summary>The circuit opens, or stays open after a failed probe.</summary>
    /// <param name="now">The time.</param>
    /// <param name="breakFor">How long no probe is made.</param>
    /// <param name="reason">Why, for an operator.</param>
    /// <param name="needsAttention">True when only a person can mend it.</param>
    public ProviderHealth Opened(DateTimeOffset now, TimeSpan breakFor, string reason, bool needsAttention) =>
        this with
        {
            CircuitOpen = true,
            NeedsAttention = needsAttention,
            Since = CircuitOpen ? Since : now,
            OpenUntil = now + breakFor,
            OpenFor = breakFor,
            ProbeUntil = default,
            ProbeFor = null,
            ProbesPassed = 0,
            Reason = reason,
        };

    /// <summary>
    /// Operators have set for how long a circuit is open. One that is open keeps its own time, unless that is longer: then this is counted
    /// from when it opened, or a probe failed last.
    /// </summary>
    public ProviderHealth OpenAtMost(TimeSpan breakFor) =>
        CircuitOpen && OpenFor is { } own && own > breakFor
            ? this with
            {
                OpenUntil = OpenUntil - (own - breakFor),
                OpenFor = breakFor,
            }
            : this;

    /// <summary>Somebody asks to make the one probe that is allowed at a time while the circuit is open.</summary>
    /// <param name="now">The time.</param>
    /// <param name="lease">How long others keep away when no outcome follows.</param>
    /// <param name="granted">True when it may be made.</param>
    public ProviderHealth TryProbe(DateTimeOffset now, TimeSpan lease, out bool granted)
    {
        granted = CircuitOpen && RemainingBreak(now) is null;
        return granted ? this with { ProbeUntil = now + lease, ProbeFor = lease } : this;
    }

    /// <summary>A probe was taken; the circuit closes when <paramref name="needed"/> have been, one after the other.</summary>
    public ProviderHealth ProbePassed(DateTimeOffset now, int needed)
    {
        if (!CircuitOpen)
            return this;

        var passed = this with { ProbeUntil = default, ProbeFor = null, ProbesPassed = ProbesPassed + 1 };
        return passed.ProbesPassed < needed
            ? passed
            : passed with
            {
                CircuitOpen = false,
                NeedsAttention = false,
                Since = now,
                OpenUntil = default,
                OpenFor = null,
                Reason = null,
            };
    }

    /// <summary>A probe that was granted was not made after all.</summary>
    public ProviderHealth ProbeNotMade() => this with { ProbeUntil = default, ProbeFor = null };

    /// <summary>
    /// The provider asked to be left alone. The longest pause counts. Only the first complaint cuts the rate: calls that were made together
    /// are turned away together.
    /// </summary>
    /// <param name="now">The time.</param>
    /// <param name="pause">For how long.</param>
    /// <param name="reason">What it said.</param>
    /// <param name="cut">How the rate is cut; null leaves it as it is.</param>
    public ProviderHealth Paused(DateTimeOffset now, TimeSpan pause, string reason, RateCut? cut)
    {
        var before = RemainingPause(now);
        var longest = before > pause ? before.Value : pause;
        return this with
        {
            PausedUntil = now + longest,
            PausedFor = longest,
            Reason = reason,
            LearnedPerSecond = cut is null || before is not null ? LearnedPerSecond : cut.After(LearnedPerSecond),
            RateChangedAt = now,
        };
    }

    /// <summary>
    /// The provider has not complained for some time: what was learned is raised, at most once in a while, and forgotten in the end.
    /// </summary>
    /// <param name="now">The time.</param>
    /// <param name="factor">Above 1.</param>
    /// <param name="interval">How long it must have been the same.</param>
    /// <param name="forgetAfter">How long nothing was complained of when it is forgotten.</param>
    public ProviderHealth RateRaised(DateTimeOffset now, double factor, TimeSpan interval, TimeSpan forgetAfter) =>
        LearnedPerSecond is not { } rate || RateChangedAt + interval > now
            ? this
            : this with
            {
                LearnedPerSecond = PausedUntil + forgetAfter < now ? null : rate * factor,
                RateChangedAt = now,
            };

    /// <summary>
    /// The same for somebody whose clock shows another time at the same moment: who waits for something waits as long as everybody else.
    /// What is over is left out.
    /// </summary>
    /// <param name="now">The time by the clock it was kept by.</param>
    /// <param name="there">The time by the other clock.</param>
    public ProviderHealth By(DateTimeOffset now, DateTimeOffset there)
    {
        return this with
        {
            Since = there + (Since - now),
            OpenUntil = Ahead(OpenUntil, OpenFor),
            ProbeUntil = Ahead(ProbeUntil, ProbeFor),
            PausedUntil = Ahead(PausedUntil, PausedFor),
            RateChangedAt = there + (RateChangedAt - now),
        };

        DateTimeOffset Ahead(DateTimeOffset until, TimeSpan? length) => Remaining(until, length, now) is { } left ? there + left : default;
    }

    /// <summary>
    /// A time that is further away than it was ever set to: the clock was put back since, and nobody waits for it. Where nobody knows how
    /// far away it was, it is believed.
    /// </summary>
    static TimeSpan? Remaining(DateTimeOffset until, TimeSpan? length, DateTimeOffset now) =>
        until > now && (length is null || until - now <= length + ClockError) ? until - now : null;
}
