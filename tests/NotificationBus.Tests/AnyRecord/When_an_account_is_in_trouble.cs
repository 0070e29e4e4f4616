using NotificationBus.Contracts;
using NotificationBus.Providers.Accounts;
using NotificationBus.Providers.Controls;

namespace NotificationBus.Tests.AnyRecord;

/// <summary>Tests that do not bite: what one host finds out about one account.</summary>
public abstract class When_an_account_is_in_trouble(Func<Task<RecordOfTheTest>> create) : With_a_record(create)
{
    static readonly ChangedBy Ann = new("ann", "they are down");

    [Fact]
    public async Task Should_concern_no_other_account()
    {
        foreach (var account in new[] { "smtp", "another" })
            await Host.Health.Open(account, Second, "it does not answer", needsAttention: true);
        await Record.Pass(Second);

        (await Host.Health.TryProbe("smtp", Lease)).ShouldBeTrue();
        (await Host.Health.TryProbe("another", Lease)).ShouldBeTrue("only the first is being probed");
        await Host.Health.ProbeNotMade("smtp");
        (await Host.Health.TryProbe("another", Lease)).ShouldBeFalse("that one still is");
        await Host.Health.ProbePassed("smtp", needed: 1);

        (await Health("smtp")).CircuitOpen.ShouldBeFalse();
        var other = await Health("another");
        (other.CircuitOpen, other.NeedsAttention, other.Reason).ShouldBe((true, true, "it does not answer"));
    }

    [Fact]
    public async Task Should_learn_and_forget_no_rate_of_another()
    {
        await Host.Health.Pause("another", Second, "its own reason", ToHalfOf(4));
        await Host.Health.Pause("smtp", Second, "too many", ToHalfOf(16));
        ((await Health("smtp")).LearnedPerSecond, (await Health("another")).LearnedPerSecond, (await Health("another")).Reason).ShouldBe(
            (8, 2, "its own reason")
        );

        await Record.Pass(Lease);
        await AnotherHost.Health.RaiseLearnedRate("smtp", factor: 2, interval: Lease, forgetAfter: Hour, limit: null);

        ((await Health("smtp")).LearnedPerSecond, (await Health("another")).LearnedPerSecond).ShouldBe((16, 2));
    }

    [Fact]
    public async Task Should_move_nobody_who_waits_for_another()
    {
        for (var i = 0; i < 11; i++)
            await Host.Health.Reserve("another", perSecond: 0.1, Lane.Transactional);
        await Host.Health.Reserve("smtp", perSecond: 0.1, Lane.Transactional);
        await Host.Health.Pause("another", Hour, "too many", ToHalfOf(0.002));

        await Host.Controls.ChangeProvider(
            "smtp",
            new AccountOptions { PerSecond = 0.1 },
            _ => new ProviderControl { PerSecond = 10 },
            Ann,
            CancellationToken.None
        );

        (await Host.Health.Reserve("another", perSecond: 0.1, Lane.Transactional)).TotalSeconds.ShouldBeInRange(60, 110);
        (await Host.Health.Reserve("smtp", perSecond: 10, Lane.Transactional)).ShouldBeLessThan(
            Second,
            "what another has learned is of no interest"
        );
        await Host.Health.Reserve("another", perSecond: 0.1, Lane.Bulk);
        await Host.Health.Reserve("another", perSecond: 0.1, Lane.Transactional);
        (await Host.Health.KeepsSlot("smtp")).ShouldBeTrue();
        (await Host.Health.KeepsSlot("another")).ShouldBeFalse();
    }

    [Fact]
    public async Task Should_be_probed_sooner_when_an_operator_shortens_the_break_and_not_later_when_one_makes_it_longer()
    {
        foreach (var account in new[] { "smtp", "another", "third" })
            await Host.Health.Open(account, Hour, "it does not answer", needsAttention: false);
        await Record.Pass(Second + Second);

        await SetOpenFor("smtp", Second);
        await SetOpenFor("another", Hour + Hour);

        var health = await Health("smtp");
        (health.CircuitOpen, health.OpenFor, health.Reason).ShouldBe((true, Second, "it does not answer"));
        (await Health("another")).OpenFor.ShouldBe(Hour);
        (await Host.Health.TryProbe("another", Lease)).ShouldBeFalse();
        (await Host.Health.TryProbe("third", Lease)).ShouldBeFalse("nobody has set anything for that one");
        (await AnotherHost.Health.TryProbe("smtp", Lease)).ShouldBeTrue();
    }

    [Fact]
    public async Task Should_show_the_breaker_that_was_set_to_every_host()
    {
        var breaker = new BreakerControl
        {
            MinimumCalls = 20,
            FailureShare = 0.5,
            OpenFor = Second,
            HalfOpenCalls = 1,
        };
        foreach (var set in new[] { breaker, null })
        {
            await Host.Controls.ChangeProvider(
                "smtp",
                new AccountOptions(),
                before => before with { Weight = 3, Breaker = set },
                Ann,
                CancellationToken.None
            );

            (await AnotherHost.Controls.Load(CancellationToken.None))
                .Provider("smtp")
                .ShouldBe(new ProviderControl { Weight = 3, Breaker = set });
        }

        (await Health("smtp")).ShouldBe(ProviderHealth.Unknown);
        var changes = await Host.Controls.Changes(new ChangeFilter { Subjects = ["provider smtp"] }, limit: 2, CancellationToken.None);
        $"{changes[0].Before.GetProperty("breaker").GetProperty("openFor")}".ShouldBe("00:00:01");
        changes[0].After.TryGetProperty("breaker", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task Should_say_since_when()
    {
        await Host.Health.Open("smtp", Second, "it does not answer", needsAttention: false);
        await Record.Pass(Hour);
        await Host.Health.Open("smtp", Second, "again", needsAttention: false);
        (await Since()).ShouldBe(Hour, Lease, "it has been open for all that time");

        await Record.Pass(Second);
        await Host.Health.TryProbe("smtp", Lease);
        await Host.Health.ProbePassed("smtp", needed: 2);
        (await Since()).ShouldBe(Hour, Lease, "and still is");
        (await Health("smtp")).Reason.ShouldBe("again");
        await Host.Health.TryProbe("smtp", Lease);
        await Host.Health.ProbePassed("smtp", needed: 2);
        (await Since()).ShouldBe(TimeSpan.Zero, Lease, "it is well again");

        await Record.Pass(Hour);
        await AnotherHost.Health.ProbePassed("smtp", needed: 2);
        (await Since()).ShouldBe(Hour, Lease, "a probe that comes late says nothing new");
        await Host.Health.Open("smtp", Second, "once more", needsAttention: false);
        (await Since()).ShouldBe(TimeSpan.Zero, Lease);

        async Task<TimeSpan> Since() => Record.Now - (await Health("smtp")).Since!.Value;
    }

    [Fact]
    public async Task Should_need_attention_as_long_as_the_last_failure_says()
    {
        await Host.Health.Open("smtp", Second, "it does not answer", needsAttention: false);
        await AnotherHost.Health.Open("smtp", Second, "wrong password", needsAttention: true);
        (await Health("smtp")).NeedsAttention.ShouldBeTrue();
        await Host.Health.Open("smtp", Second, "it does not answer", needsAttention: false);

        await Record.Pass(Second);
        await Host.Health.TryProbe("smtp", Lease);
        await Host.Health.ProbePassed("smtp", needed: 3);

        (await Health("smtp")).NeedsAttention.ShouldBeFalse();
    }

    [Fact]
    public async Task Should_be_probed_anew_after_the_next_break_though_the_probe_that_failed_had_a_longer_lease()
    {
        await Host.Health.Open("smtp", Second, "it does not answer", needsAttention: false);
        await Record.Pass(Second);
        await Host.Health.TryProbe("smtp", Hour);
        await Host.Health.Open("smtp", Second, "again", needsAttention: false);
        await Record.Pass(Second);

        (await AnotherHost.Health.TryProbe("smtp", Lease)).ShouldBeTrue();
    }

    [Fact]
    public async Task Should_stay_open_for_as_long_as_the_last_failure_says()
    {
        await Host.Health.Open("smtp", Second, "it does not answer", needsAttention: false);
        await Host.Health.Open("smtp", Hour, "again", needsAttention: false);
        await Record.Pass(Hour - Lease);
        (await AnotherHost.Health.TryProbe("smtp", Lease)).ShouldBeFalse();

        await Record.Pass(Lease);
        (await AnotherHost.Health.TryProbe("smtp", Lease)).ShouldBeTrue();
    }

    [Fact]
    public async Task Should_not_be_probed_when_its_circuit_is_not_open()
    {
        await Host.Health.Pause("smtp", Second, "too many", cut: null);

        (await Host.Health.TryProbe("smtp", Lease)).ShouldBeFalse();
        (await Host.Health.TryProbe("another", Lease)).ShouldBeFalse("nothing is known of it");
        await Host.Health.ProbePassed("smtp", needed: 1);
        (await Health("smtp")).Reason.ShouldBe("too many");
    }

    [Fact]
    public async Task Should_be_left_alone_for_longer_when_that_is_asked_for_later()
    {
        await Host.Health.Pause("smtp", Second, "too many", cut: null);
        await AnotherHost.Health.Pause("smtp", Hour, "far too many", cut: null);

        var paused = await Health("smtp");

        (paused.PausedUntil - Record.Now).ShouldBe(Hour, Lease);
        (paused.Reason, paused.LearnedPerSecond).ShouldBe(("far too many", null));
    }

    [Fact]
    public async Task Should_keep_what_was_learned_when_a_later_complaint_teaches_nothing()
    {
        await Host.Health.Pause("smtp", Second, "too many", ToHalfOf(16));
        await Record.Pass(Lease);

        await AnotherHost.Health.Pause("smtp", Second, "its limit is used up", cut: null);

        (await Health("smtp")).LearnedPerSecond.ShouldBe(8);
    }

    [Fact]
    public async Task Should_bring_those_who_wait_forward_once_when_several_hosts_raise_the_rate_together()
    {
        await Host.Health.Pause("smtp", Second, "too many", ToHalfOf(16));
        await Record.Pass(Lease);
        var turn = Message(Record.Now + 4 * Hour) with { WaitsFor = "turn at smtp" };
        await Schedule(turn);

        await Task.WhenAll(
            Enumerable
                .Range(0, 16)
                .Select(i =>
                    Task.Run(() =>
                        (i % 2 == 0 ? Host : AnotherHost).Health.RaiseLearnedRate(
                            "smtp",
                            factor: 2,
                            interval: Lease,
                            forgetAfter: Hour,
                            limit: null
                        )
                    )
                )
        );

        (await Health("smtp")).LearnedPerSecond.ShouldBe(16);
        await Record.Pass(2 * Hour - Lease);
        (await TakeDue()).ShouldBeEmpty();
        await Record.Pass(2 * Lease);
        (await TakeDue()).ShouldBe([turn.MessageId]);
    }

    /// <summary>Those who ask at the same moment share a statement.</summary>
    [Fact]
    public async Task Should_have_as_many_announcements_give_up_their_turn_as_orders_took_one_together()
    {
        for (var i = 0; i < 50; i++)
            await Host.Health.Reserve("smtp", perSecond: 0.1, Lane.Bulk);

        var turns = await Task.WhenAll(
            Enumerable.Range(0, 10).Select(_ => Host.Health.Reserve("smtp", perSecond: 0.1, Lane.Transactional))
        );

        turns.Order().Select((turn, i) => turn.TotalSeconds - (10 * i)).ShouldAllBe(difference => Math.Abs(difference) < 9);
        var given = 0;
        while (!await AnotherHost.Health.KeepsSlot("smtp"))
            given++;
        given.ShouldBe(10);
    }

    /// <summary>The rules stand in <see cref="ProviderHealth"/> alone, and every record has what they make.</summary>
    [Fact]
    public async Task Should_become_what_the_rules_make_of_it()
    {
        var (ruled, now) = (ProviderHealth.Unknown, Record.Now);

        await Opens(Lease, "it does not answer", needsAttention: true);
        await Probes(Hour);
        await Pass(Lease);
        await Probes(Hour);
        await Happens(host => host.ProbeNotMade("smtp"), known => known.ProbeNotMade());
        await Probes(2 * Hour);
        await Passes();
        await Pass(Hour);
        await Complains(Hour, "too many");
        await Complains(Lease, "too many again");
        await Raises(forgetAfter: Hour);
        await Pass(2 * Hour);
        await Passes();
        await Raises(forgetAfter: 2 * Hour);
        await Opens(Hour, "once more", needsAttention: false);
        await Pass(Hour);
        await Complains(Second, "far too many");
        await Pass(3 * Hour);
        await Raises(forgetAfter: Hour);

        Task Opens(TimeSpan breakFor, string reason, bool needsAttention) =>
            Happens(
                host => host.Open("smtp", breakFor, reason, needsAttention),
                known => known.Opened(now, breakFor, reason, needsAttention)
            );

        Task Probes(TimeSpan lease) => Happens(host => host.TryProbe("smtp", lease), known => known.TryProbe(now, lease, out _));

        Task Passes() => Happens(host => host.ProbePassed("smtp", needed: 2), known => known.ProbePassed(now, needed: 2));

        Task Complains(TimeSpan pause, string reason) =>
            Happens(host => host.Pause("smtp", pause, reason, ToHalfOf(16)), known => known.Paused(now, pause, reason, ToHalfOf(16)));

        Task Raises(TimeSpan forgetAfter) =>
            Happens(
                host => host.RaiseLearnedRate("smtp", 2, Hour, forgetAfter, limit: null),
                known => known.RateRaised(now, 2, Hour, forgetAfter)
            );

        async Task Happens(Func<IProviderHealth, Task> happen, Func<ProviderHealth, ProviderHealth> rule)
        {
            await happen(Host.Health);
            ruled = rule(ruled);
            var (stored, expected) = ((await Health("smtp")).By(Record.Now, now), ruled.By(now, now));
            foreach (
                var (known, meant) in new[]
                {
                    (stored.Since, expected.Since),
                    (stored.OpenUntil, expected.OpenUntil),
                    (stored.ProbeUntil, expected.ProbeUntil),
                    (stored.PausedUntil, expected.PausedUntil),
                    (stored.RateChangedAt, expected.RateChangedAt),
                }
            )
            {
                known.HasValue.ShouldBe(meant.HasValue);
                (known ?? default).ShouldBe(meant ?? default, Lease / 2);
            }

            (stored.PausedFor ?? default).ShouldBe(expected.PausedFor ?? default, Lease / 2);
            WithoutTimes(stored).ShouldBe(WithoutTimes(expected));
        }

        static ProviderHealth WithoutTimes(ProviderHealth health) =>
            health with
            {
                Since = null,
                OpenUntil = default,
                ProbeUntil = default,
                PausedUntil = default,
                PausedFor = null,
                RateChangedAt = null,
            };

        async Task Pass(TimeSpan time)
        {
            await Record.Pass(time);
            now += time;
        }
    }

    static RateCut ToHalfOf(double perSecond) => new(TooMuch: perSecond, Factor: 0.5, Least: 0.0001, Limit: null);

    async Task<ProviderHealth> Health(string account) => (await AnotherHost.Controls.Load(CancellationToken.None)).HealthOf(account);

    async Task SetOpenFor(string account, TimeSpan time) =>
        await Host.Controls.ChangeProvider(
            account,
            new AccountOptions(),
            before => before with { Breaker = new BreakerControl { OpenFor = time } },
            Ann,
            CancellationToken.None
        );
}
