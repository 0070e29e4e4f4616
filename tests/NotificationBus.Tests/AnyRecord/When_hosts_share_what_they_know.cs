using System.Text.Json;
using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Providers.Accounts;
using NotificationBus.Providers.Controls;

namespace NotificationBus.Tests.AnyRecord;

public abstract class When_hosts_share_what_they_know(Func<Task<RecordOfTheTest>> create) : With_a_record(create)
{
    static readonly ChangedBy Ann = new("ann", "they are down");
    static readonly AccountOptions Unlimited = new();

    [Fact]
    public async Task Should_show_every_host_what_an_operator_has_set()
    {
        await Host.Controls.ChangeProvider(
            "smtp",
            Unlimited,
            _ => new ProviderControl
            {
                Switch = ProviderSwitch.Drain,
                Weight = 3,
                Pin = CircuitPin.Open,
                PerSecond = 2.5,
            },
            Ann,
            CancellationToken.None
        );
        await Host.Controls.ChangeChannel(
            "email",
            _ => new ChannelControl { Paused = true, Order = ["b", "a"] },
            Ann,
            CancellationToken.None
        );

        var controls = await AnotherHost.Controls.Load(CancellationToken.None);

        controls
            .Provider("smtp")
            .ShouldBe(
                new ProviderControl
                {
                    Switch = ProviderSwitch.Drain,
                    Weight = 3,
                    Pin = CircuitPin.Open,
                    PerSecond = 2.5,
                }
            );
        controls.Channel("email").Paused.ShouldBeTrue();
        controls.Channel("email").Order.ShouldBe(["b", "a"]);
        controls.Provider("other").ShouldBe(new ProviderControl());
    }

    [Fact]
    public async Task Should_show_every_host_how_an_event_type_is_sent()
    {
        var set = new EventTypeControl
        {
            Switch = EventTypeSwitch.Off,
            Mode = DeliveryMode.FirstThatWorks,
            Lifetime = TimeSpan.FromDays(3),
            EscalateAfter = TimeSpan.FromMinutes(10),
            EscalateUnless = DeliveryProof.Read,
        };
        foreach (var category in new[] { "order-placed", "order-shipped" })
            await Host.Controls.ChangeEventType(
                category,
                before => set with { Channels = [category, "email"], Version = before.Version + 1 },
                Ann,
                CancellationToken.None
            );
        (
            await AnotherHost.Controls.ChangeEventType(
                "order-placed",
                before => before with { Switch = EventTypeSwitch.On, Version = before.Version + 1 },
                Ann,
                CancellationToken.None
            )
        ).Version.ShouldBe(2);

        var controls = await Host.Controls.Load(CancellationToken.None);

        var placed = controls.EventType("order-placed");
        placed.Channels.ShouldBe(["order-placed", "email"]);
        placed.ShouldBe(set with { Switch = EventTypeSwitch.On, Channels = placed.Channels, Version = 2 });
        controls.EventType("order-shipped").Switch.ShouldBe(EventTypeSwitch.Off);
        controls.EventType("another").ShouldBe(new EventTypeControl());
        (controls.Providers.Count, controls.Channels.Count).ShouldBe((0, 0));
        var last = (await Host.Controls.Changes(ChangeFilter.All, limit: 1, CancellationToken.None)).Single();
        (last.Subject, last.Before.GetProperty("switch").GetString(), last.After.GetProperty("switch").GetString()).ShouldBe(
            ("event-type order-placed", "off", "on")
        );
    }

    [Fact]
    public async Task Should_keep_who_changed_what_and_why_with_what_was_there_before()
    {
        await Host.Controls.ChangeProvider(
            "smtp",
            Unlimited,
            control => control with { Switch = ProviderSwitch.Off },
            Ann,
            CancellationToken.None
        );
        await AnotherHost.Controls.ChangeProvider(
            "smtp",
            Unlimited,
            control => control with { Weight = 1 },
            new ChangedBy("bob", "slowly"),
            CancellationToken.None
        );
        await Host.Controls.Note("delivery 1", Ann, JsonSerializer.SerializeToElement("resend"), CancellationToken.None);

        var changes = await Host.Controls.Changes(ChangeFilter.All, limit: 10, CancellationToken.None);

        changes
            .Select(change => (change.Subject, change.Who, change.Why))
            .ShouldBe([
                ("delivery 1", "ann", "they are down"),
                ("provider smtp", "bob", "slowly"),
                ("provider smtp", "ann", "they are down"),
            ]);
        changes[1].Before.GetProperty("switch").GetString().ShouldBe("off");
        changes[2].Before.GetProperty("switch").GetString().ShouldBe("on", "what nobody had set is what is in force without");
        changes[1].After.GetProperty("switch").GetString().ShouldBe("off");
        changes[1].After.GetProperty("weight").GetInt32().ShouldBe(1);
        (await Host.Controls.Changes(new ChangeFilter { Before = changes[1].Number }, limit: 10, CancellationToken.None))
            .ShouldHaveSingleItem()
            .Number.ShouldBe(changes[2].Number);
    }

    [Fact]
    public async Task Should_change_one_account_and_one_channel_and_list_the_last_changes()
    {
        foreach (var (account, weight) in new[] { ("smtp", 1), ("another", 2) })
            await Host.Controls.ChangeProvider(
                account,
                Unlimited,
                control => control with { Weight = weight },
                Ann,
                CancellationToken.None
            );
        foreach (var (channel, isPaused) in new[] { ("email", true), ("sms", false) })
            await Host.Controls.ChangeChannel(channel, control => control with { Paused = isPaused }, Ann, CancellationToken.None);

        var controls = await AnotherHost.Controls.Load(CancellationToken.None);

        (controls.Provider("smtp").Weight, controls.Provider("another").Weight).ShouldBe((1, 2));
        (controls.Channel("email").Paused, controls.Channel("sms").Paused).ShouldBe((true, false));
        (await AnotherHost.Controls.Changes(ChangeFilter.All, limit: 2, CancellationToken.None))
            .Select(change => change.Subject)
            .ShouldBe(["channel sms", "channel email"]);
    }

    [Fact]
    public async Task Should_lose_no_change_of_two_operators_at_once()
    {
        await Task.WhenAll(
            Enumerable
                .Range(0, 20)
                .Select(i =>
                    (i % 2 == 0 ? Host : AnotherHost).Controls.ChangeProvider(
                        "smtp",
                        Unlimited,
                        control => control with { Weight = (control.Weight ?? 0) + 1 },
                        Ann,
                        CancellationToken.None
                    )
                )
        );

        (await Host.Controls.Load(CancellationToken.None)).Provider("smtp").Weight.ShouldBe(20);
    }

    /// <summary>Tests that do not bite: a rate that was not used is not caught up with.</summary>
    [Theory]
    [InlineData(Lane.Transactional)]
    [InlineData(Lane.Bulk)]
    public async Task Should_hand_out_no_turns_that_were_saved_up_while_nobody_called(Lane lane)
    {
        await Host.Health.Reserve("smtp", perSecond: 0.1, lane);
        await Record.Pass(Hour);

        (await Reserve(lane)).ShouldBeLessThan(1);
        (await Reserve(lane)).ShouldBeInRange(5, 10);
        (await Reserve(lane)).ShouldBeInRange(15, 20);
    }

    /// <summary>One rate line for both lanes: a flood of announcements delays no order.</summary>
    [Fact]
    public async Task Should_have_an_order_take_the_turn_of_an_announcement()
    {
        for (var i = 0; i < 100; i++)
            await (i % 2 == 0 ? Host : AnotherHost).Health.Reserve("smtp", perSecond: 0.1, Lane.Bulk);

        (await Reserve(Lane.Transactional)).ShouldBeLessThan(1);
        (await Reserve(Lane.Transactional)).ShouldBeInRange(5, 10);

        (await AnotherHost.Health.KeepsSlot("smtp")).ShouldBeFalse();
        (await Host.Health.KeepsSlot("smtp")).ShouldBeFalse();
        (await Host.Health.KeepsSlot("smtp")).ShouldBeTrue("two were taken, and two are given up");
        (await Reserve(Lane.Bulk)).ShouldBeInRange(980, 1000, "behind the last, without a gap for what was taken");
    }

    [Fact]
    public async Task Should_take_no_turn_from_announcements_when_none_waits()
    {
        for (var i = 0; i < 5; i++)
            await Host.Health.Reserve("smtp", perSecond: 0.1, Lane.Transactional);
        (await Host.Health.KeepsSlot("smtp")).ShouldBeTrue();
        (await Reserve(Lane.Bulk)).ShouldBeInRange(40, 50, "behind the orders");

        await Reserve(Lane.Transactional);
        await Record.Pass(Hour);
        await Reserve(Lane.Transactional);
        (await Host.Health.KeepsSlot("smtp")).ShouldBeTrue("what was owed then is of no interest");
    }

    [Fact]
    public async Task Should_take_no_more_turns_from_announcements_than_they_have()
    {
        for (var i = 0; i < 3; i++)
            await Host.Health.Reserve("smtp", perSecond: 0.1, Lane.Bulk);
        for (var i = 0; i < 10; i++)
            await Host.Health.Reserve("smtp", perSecond: 0.1, Lane.Transactional);

        var given = 0;
        while (!await Host.Health.KeepsSlot("smtp"))
            given++;

        given.ShouldBe(3);
        (await Reserve(Lane.Bulk)).ShouldBeInRange(90, 100);
    }

    /// <summary>Orders that ask at the same moment share a statement, and may be more than the announcements that wait.</summary>
    [Fact]
    public async Task Should_take_no_more_turns_from_announcements_than_they_have_when_many_orders_ask_together()
    {
        for (var i = 0; i < 3; i++)
            await Host.Health.Reserve("smtp", perSecond: 0.1, Lane.Bulk);
        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Host.Health.Reserve("smtp", perSecond: 0.1, Lane.Transactional)));

        var given = 0;
        while (!await AnotherHost.Health.KeepsSlot("smtp"))
            given++;

        given.ShouldBeInRange(1, 3);
    }

    [Fact]
    public async Task Should_have_an_announcement_wait_for_the_order_that_came_just_before_it()
    {
        await Host.Health.Reserve("smtp", perSecond: 0.1, Lane.Bulk);
        await Record.Pass(Hour);

        (await Reserve(Lane.Transactional)).ShouldBeLessThan(1);

        (await Reserve(Lane.Bulk)).ShouldBeInRange(5, 10);
    }

    [Fact]
    public async Task Should_move_the_orders_in_the_line_too_when_the_rate_changes()
    {
        for (var i = 0; i < 4; i++)
            await Host.Health.Reserve("smtp", perSecond: 0.1, Lane.Transactional);

        await Limit("smtp", from: 0.1, to: 0.2);

        (await Host.Health.Reserve("smtp", perSecond: 0.2, Lane.Transactional)).TotalSeconds.ShouldBeInRange(15, 20);
    }

    async Task<double> Reserve(Lane lane) => (await AnotherHost.Health.Reserve("smtp", perSecond: 0.1, lane)).TotalSeconds;

    [Fact]
    public async Task Should_wake_whoever_waits_on_another_host()
    {
        var told = HearOfIt(AnotherHost.Controls);

        await Host.Controls.ChangeChannel("email", _ => new ChannelControl { Paused = true }, Ann, CancellationToken.None);

        await told.WaitAsync(Patience);

        static async Task HearOfIt(IControls controls)
        {
            while (!(await controls.Load(CancellationToken.None)).Channel("email").Paused)
                await controls.WaitForChange(2 * Patience, CancellationToken.None);
        }
    }

    [Fact]
    public async Task Should_open_a_circuit_for_all_and_let_one_of_them_probe_when_the_break_is_over()
    {
        await Host.Health.Open("smtp", Lease, "it does not answer", needsAttention: false);

        var open = await Health("smtp");
        (open.CircuitOpen, open.NeedsAttention, open.Reason).ShouldBe((true, false, "it does not answer"));
        (await AnotherHost.Health.TryProbe("smtp", Lease)).ShouldBeFalse("the break is not over");

        await Record.Pass(Lease);

        var probes = await Task.WhenAll(
            Enumerable.Range(0, 20).Select(i => (i % 2 == 0 ? Host : AnotherHost).Health.TryProbe("smtp", Lease))
        );
        probes.Count(granted => granted).ShouldBe(1);
    }

    [Fact]
    public async Task Should_close_a_circuit_after_enough_probes_in_a_row()
    {
        await Host.Health.Open("smtp", Second, "it does not answer", needsAttention: true);
        await Record.Pass(Second);

        foreach (var host in new[] { Host, AnotherHost })
        {
            (await host.Health.TryProbe("smtp", Lease)).ShouldBeTrue();
            await host.Health.ProbePassed("smtp", needed: 3);
            (await Health("smtp")).CircuitOpen.ShouldBeTrue();
        }

        (await Host.Health.TryProbe("smtp", Lease)).ShouldBeTrue();
        await Host.Health.ProbePassed("smtp", needed: 3);

        var closed = await Health("smtp");
        (closed.CircuitOpen, closed.NeedsAttention, closed.Reason).ShouldBe((false, false, null));
    }

    [Fact]
    public async Task Should_begin_to_count_probes_anew_after_one_that_failed()
    {
        await Host.Health.Open("smtp", Second, "it does not answer", needsAttention: false);
        await Record.Pass(Second);
        await Host.Health.TryProbe("smtp", Lease);
        await Host.Health.ProbePassed("smtp", needed: 2);
        await Host.Health.Open("smtp", Second, "again", needsAttention: false);
        await Record.Pass(Second);
        await Host.Health.TryProbe("smtp", Lease);

        await Host.Health.ProbePassed("smtp", needed: 2);

        (await Health("smtp")).CircuitOpen.ShouldBeTrue();
    }

    [Fact]
    public async Task Should_allow_another_probe_when_one_was_not_made_or_its_host_died()
    {
        await Host.Health.Open("smtp", Second, "it does not answer", needsAttention: false);
        await Record.Pass(Second);
        await Host.Health.TryProbe("smtp", Lease);
        await Host.Health.ProbeNotMade("smtp");
        (await AnotherHost.Health.TryProbe("smtp", Lease)).ShouldBeTrue();

        await Record.Pass(Lease);

        (await Host.Health.TryProbe("smtp", Lease)).ShouldBeTrue();
    }

    [Fact]
    public async Task Should_leave_an_account_alone_for_the_longest_time_that_was_asked_for()
    {
        await Host.Health.Pause("smtp", Hour, "too many", ToHalfOf(16));
        await AnotherHost.Health.Pause("smtp", Second, "its rate limit is used up", cut: null);

        var paused = await Health("smtp");

        (paused.PausedUntil - Now()).ShouldBeInRange(Hour - Lease, Hour);
        paused.LearnedPerSecond.ShouldBe(8);

        DateTimeOffset Now() => Record.Now;
    }

    [Fact]
    public async Task Should_raise_a_learned_rate_once_in_a_while_and_forget_it_in_the_end()
    {
        await Host.Health.Pause("smtp", Second, "too many", ToHalfOf(16));
        await Raise(Host);
        (await Health("smtp")).LearnedPerSecond.ShouldBe(8, "it has only just complained");

        await Record.Pass(Lease);
        await Task.WhenAll(Raise(Host), Raise(AnotherHost));
        (await Health("smtp")).LearnedPerSecond.ShouldBe(10);

        await Record.Pass(Hour);
        await Raise(Host);
        (await Health("smtp")).LearnedPerSecond.ShouldBeNull();

        static Task Raise(HostOfTheRecord host) =>
            host.Health.RaiseLearnedRate("smtp", factor: 1.25, interval: Lease, forgetAfter: Hour, limit: null);
    }

    [Fact]
    public async Task Should_cut_the_rate_and_put_back_those_who_wait_once_when_several_hosts_are_turned_away_together()
    {
        for (var i = 0; i < 10; i++)
            await Host.Health.Reserve("smtp", perSecond: 1, Lane.Transactional);
        var turn = Message(Record.Now + Lease) with { WaitsFor = "turn at smtp" };
        var next = Message(Record.Now + Lease) with { WaitsFor = "turn at smtp" };
        await Schedule(turn, next);

        await Task.WhenAll(
            Enumerable
                .Range(0, 8)
                .Select(i => (i % 2 == 0 ? Host : AnotherHost).Health.Pause("smtp", Second, "too many", ToHalfOf(16) with { Limit = 16 }))
        );

        (await Health("smtp")).LearnedPerSecond.ShouldBe(8);
        (await Host.Health.Reserve("smtp", perSecond: 1, Lane.Transactional)).TotalSeconds.ShouldBeInRange(15, 20);
        await Record.Pass(Lease + Second);
        (await TakeDue()).ShouldBeEmpty();
        await Record.Pass(Lease);
        (await TakeDue()).ShouldBe([turn.MessageId, next.MessageId], ignoreOrder: true);
    }

    [Fact]
    public async Task Should_cut_the_rate_again_when_what_was_asked_for_is_over_but_never_to_nothing()
    {
        for (var i = 0; i < 3; i++)
        {
            await Host.Health.Pause("smtp", Second, "too many", ToHalfOf(16) with { Least = 3 });
            await Record.Pass(2 * Second);
        }

        (await Health("smtp")).LearnedPerSecond.ShouldBe(3);
    }

    [Fact]
    public async Task Should_bring_those_who_wait_forward_by_as_much_as_the_learned_rate_is_raised()
    {
        await Host.Health.Pause("smtp", Second, "too many", ToHalfOf(16));
        await Record.Pass(Lease);
        var turn = Message(Record.Now + 2 * Hour) with { WaitsFor = "turn at smtp" };
        var next = Message(Record.Now + 2 * Hour) with { WaitsFor = "turn at smtp" };
        await Schedule(turn, next);

        await Host.Health.RaiseLearnedRate("smtp", factor: 4, interval: Lease, forgetAfter: Hour, limit: 16);

        (await Health("smtp")).LearnedPerSecond.ShouldBe(32);
        await Record.Pass(Hour - Lease);
        (await TakeDue()).ShouldBeEmpty("the rate that is set was only doubled");
        await Record.Pass(2 * Lease);
        (await TakeDue()).ShouldBe([turn.MessageId, next.MessageId], ignoreOrder: true);
    }

    [Fact]
    public async Task Should_leave_those_who_wait_where_they_are_when_nothing_is_learned_from_a_complaint()
    {
        var turn = Message(Record.Now + Lease) with { WaitsFor = "turn at smtp" };
        await Schedule(turn);

        await Host.Health.Pause("smtp", Second, "too many", ToHalfOf(16) with { TooMuch = null, Limit = 5 });

        (await Health("smtp")).LearnedPerSecond.ShouldBeNull();
        await Record.Pass(Lease);
        (await TakeDue()).ShouldBe([turn.MessageId]);
    }

    [Fact]
    public async Task Should_hand_out_turns_at_the_rate_to_all_hosts_together()
    {
        var waits = await Task.WhenAll(
            Enumerable
                .Range(0, 200)
                .Select(i => (i % 2 == 0 ? Host : AnotherHost).Health.Reserve("smtp", perSecond: 10, Lane.Transactional))
        );

        // The last of 200 turns at 10 a second is 19.9 s after the first, less the time it took to hand them out.
        waits.Max().TotalSeconds.ShouldBeInRange(10, 19.91);
        waits
            .Order()
            .Zip(waits.Order().Skip(1), (one, next) => next - one)
            .Count(gap => gap > TimeSpan.FromMilliseconds(50))
            .ShouldBeGreaterThan(150);
        waits.Min().ShouldBeGreaterThanOrEqualTo(TimeSpan.FromMilliseconds(-1));
        (await Host.Health.Reserve("another", perSecond: 10, Lane.Transactional)).ShouldBeLessThanOrEqualTo(TimeSpan.Zero);
    }

    [Fact]
    public async Task Should_bring_those_who_wait_for_their_turn_forward_when_the_rate_is_raised()
    {
        for (var i = 0; i < 100; i++)
            await Host.Health.Reserve("smtp", perSecond: 0.01, Lane.Transactional);
        var turn = Message(Record.Now + Hour) with { WaitsFor = "turn at smtp" };
        var next = Message(Record.Now + Hour) with { WaitsFor = "turn at smtp" };
        await Schedule(turn, next, Message(Record.Now + Hour) with { WaitsFor = "turn at another" });

        await Limit("smtp", from: 0.01, to: 10_000);

        (await Host.Health.Reserve("smtp", perSecond: 0.01, Lane.Transactional)).ShouldBeLessThan(Second, "the end of the line is near");
        await Record.Pass(Second);
        (await TakeDue()).ShouldBe([turn.MessageId, next.MessageId], ignoreOrder: true);
    }

    [Fact]
    public async Task Should_put_those_who_wait_for_their_turn_back_when_the_rate_is_cut()
    {
        await Host.Health.Reserve("smtp", perSecond: 1, Lane.Transactional);
        var turn = Message(Record.Now + Lease) with { WaitsFor = "turn at smtp" };
        await Schedule(turn);

        await Limit("smtp", from: 1, to: 0.5);

        await Record.Pass(Lease + Second);
        (await TakeDue()).ShouldBeEmpty();
        await Record.Pass(Lease);
        (await TakeDue()).ShouldBe([turn.MessageId]);
    }

    [Fact]
    public async Task Should_bring_all_who_wait_for_their_turn_out_when_there_is_no_limit_any_more()
    {
        await Limit("smtp", from: null, to: 1);
        await Host.Health.Reserve("smtp", perSecond: 1, Lane.Transactional);
        var turn = Message(Record.Now + Hour) with { WaitsFor = "turn at smtp" };
        await Schedule(turn);

        await Limit("smtp", from: null, to: null);

        await Record.Pass(Second);
        (await TakeDue()).ShouldBe([turn.MessageId]);
    }

    [Fact]
    public async Task Should_leave_those_who_wait_where_they_are_while_a_lower_rate_is_learned_than_any_that_is_set()
    {
        await Host.Health.Pause("smtp", Second, "too many", ToHalfOf(16));
        var turn = Message(Record.Now + Lease) with { WaitsFor = "turn at smtp" };
        await Schedule(turn);

        await Limit("smtp", from: 9, to: 900);

        await Record.Pass(Second);
        (await TakeDue()).ShouldBeEmpty();
        await Record.Pass(Lease);
        (await TakeDue()).ShouldBe([turn.MessageId]);
    }

    [Fact]
    public async Task Should_leave_every_turn_where_it_is_when_the_rate_stays()
    {
        for (var i = 0; i < 5; i++)
            await Host.Health.Reserve("smtp", perSecond: 0.1, Lane.Transactional);
        var turn = Message(Record.Now + Hour) with { WaitsFor = "turn at smtp" };
        await Schedule(turn);

        await Host.Controls.ChangeProvider("smtp", Unlimited, control => control with { Weight = 2 }, Ann, CancellationToken.None);

        (await Reserve(Lane.Transactional)).ShouldBeInRange(40, 50);
        await Record.Pass(Hour - Lease);
        (await TakeDue()).ShouldBeEmpty();
        await Record.Pass(Lease);
        (await TakeDue()).ShouldBe([turn.MessageId]);
    }

    /// <summary>What is past long since is not moved: so many times further off there would be no date for it.</summary>
    [Fact]
    public async Task Should_take_any_other_rate_after_a_long_rest()
    {
        await Host.Health.Reserve("smtp", perSecond: 0.1, Lane.Transactional);
        var turn = Message(Record.Now) with { WaitsFor = "turn at smtp" };
        await Schedule(turn);
        await Record.Pass(TimeSpan.FromDays(400));

        await Limit("smtp", from: 10_000, to: 0.0001);
        await Limit("smtp", from: null, to: 10_000);
        for (var i = 0; i < 5; i++)
            await Host.Health.Reserve("smtp", perSecond: 0.1, Lane.Bulk);
        await Limit("smtp", from: null, to: 0.0001);

        (await TakeDue()).ShouldBe([turn.MessageId]);
        (await Reserve(Lane.Transactional)).ShouldBeLessThan(1);
    }

    [Fact]
    public async Task Should_say_when_a_turn_has_come_in_the_end_and_what_was_waited_for()
    {
        var turn = Message(Record.Now + Second) with { WaitsFor = "turn at smtp" };
        await Schedule(turn);
        await Record.Pass(Second);

        var taken = (await Host.Outgoing.TakeDue(Lease, 1, CancellationToken.None)).ShouldHaveSingleItem();

        taken.WaitsFor.ShouldBe("turn at smtp");
        taken.DueAt!.Value.ShouldBe(Record.Now, Second);
    }

    [Fact]
    public async Task Should_leave_alone_what_another_host_is_publishing()
    {
        var turn = Message(Record.Now) with { WaitsFor = "turn at smtp" };
        await Schedule(turn);
        (await TakeDue()).ShouldBe([turn.MessageId]);

        await Limit("smtp", from: 1, to: 0.001);

        await Record.Pass(Lease);
        (await TakeDue()).ShouldBe([turn.MessageId], "that host has died");
    }

    /// <summary>An operator sets another rate than the one that is configured.</summary>
    async Task Limit(string account, double? from, double? to) =>
        await AnotherHost.Controls.ChangeProvider(
            account,
            new AccountOptions { PerSecond = from },
            _ => new ProviderControl { PerSecond = to },
            Ann,
            CancellationToken.None
        );

    static RateCut ToHalfOf(double perSecond) => new(TooMuch: perSecond, Factor: 0.5, Least: 0.1, Limit: null);

    async Task<ProviderHealth> Health(string account) => (await AnotherHost.Controls.Load(CancellationToken.None)).HealthOf(account);
}
