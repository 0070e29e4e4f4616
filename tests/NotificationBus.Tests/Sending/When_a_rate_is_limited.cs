using NotificationBus.Contracts;
using NotificationBus.Providers;
using NotificationBus.Providers.Controls;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Sending;

public sealed class When_a_rate_is_limited : With_scripted_providers
{
    [Fact]
    public async Task Should_put_each_delivery_off_to_its_turn_and_keep_the_turn_for_it()
    {
        FirstAccount.PerSecond = 0.5;

        var outcomes = new List<(Delivery Delivery, ChainOutcome Outcome)>();
        for (var i = 0; i < 3; i++)
        {
            var delivery = Another();
            outcomes.Add((delivery, await Send(delivery)));
        }

        outcomes[0].Outcome.ShouldBeOfType<ChainOutcome.Sent>();
        var slots = outcomes.Skip(1).Select(outcome => outcome.Outcome.ShouldBeOfType<ChainOutcome.NotNow>().Slot!).ToList();
        slots.Select(slot => slot.At - Clock.GetUtcNow()).ShouldBe([TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(4)]);
        (First.Calls.Count, Second.Calls.Count).ShouldBe((1, 0), "it waits for its turn and does not spill over");

        Clock.Advance(TimeSpan.FromSeconds(2));
        var second = outcomes[1].Delivery;
        (await Send(second, CommandFor(second) with { Slot = slots[0] })).ShouldBeOfType<ChainOutcome.Sent>();
    }

    [Fact]
    public async Task Should_keep_a_turn_that_was_brought_forward()
    {
        FirstAccount.PerSecond = 0.01;
        await Send();
        var waiting = Another();
        var slot = (await Send(waiting)).ShouldBeOfType<ChainOutcome.NotNow>().Slot;

        Clock.Advance(TimeSpan.FromSeconds(2));

        (await Send(waiting, CommandFor(waiting) with { Slot = slot })).ShouldBeOfType<ChainOutcome.Sent>();
    }

    [Fact]
    public async Task Should_take_another_turn_when_the_one_it_had_was_missed()
    {
        FirstAccount.PerSecond = 0.5;
        await Send();
        var late = Another();
        var slot = (await Send(late)).ShouldBeOfType<ChainOutcome.NotNow>().Slot;
        Clock.Advance(TimeSpan.FromMinutes(10));
        (await Send(Another())).ShouldBeOfType<ChainOutcome.Sent>();

        (await Send(late, CommandFor(late) with { Slot = slot }))
            .ShouldBeOfType<ChainOutcome.NotNow>()
            .Slot!.At.ShouldBe(Clock.GetUtcNow() + TimeSpan.FromSeconds(2));
    }

    /// <summary>One rate line for both lanes: a flood of announcements delays no order.</summary>
    [Fact]
    public async Task Should_send_an_order_at_once_however_many_announcements_wait()
    {
        FirstAccount.PerSecond = 0.1;
        var announcements = new List<(Delivery Delivery, SendDelivery Command)>();
        for (var i = 0; i < 50; i++)
        {
            var delivery = Another();
            var command = CommandFor(delivery) with { Lane = Lane.Bulk };
            if (await Send(delivery, command) is ChainOutcome.NotNow later)
                announcements.Add((delivery, command with { Slot = later.Slot }));
        }

        (await Send()).ShouldBeOfType<ChainOutcome.Sent>();

        // The first of them gives up its turn, and goes to the end; the one behind it keeps its own.
        Clock.Advance(TimeSpan.FromSeconds(10));
        (await Send(announcements[0].Delivery, announcements[0].Command))
            .ShouldBeOfType<ChainOutcome.NotNow>()
            .Slot!.At.ShouldBe(Clock.GetUtcNow() + TimeSpan.FromSeconds(490));
        Clock.Advance(TimeSpan.FromSeconds(10));
        (await Send(announcements[1].Delivery, announcements[1].Command)).ShouldBeOfType<ChainOutcome.Sent>();
        Second.Calls.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_let_operators_set_another_rate()
    {
        FirstAccount.PerSecond = 0.01;
        await Set(new ProviderControl { PerSecond = 1000 });

        for (var i = 0; i < 5; i++)
        {
            Clock.Advance(TimeSpan.FromMilliseconds(1));
            (await Send(Another())).ShouldBeOfType<ChainOutcome.Sent>();
        }
    }

    [Theory]
    [InlineData(7, 7)]
    [InlineData(null, 60)]
    [InlineData(0, 60)]
    [InlineData(-5, 60)]
    [InlineData(86_400, 3600)]
    public async Task Should_leave_the_whole_account_alone_when_it_complains(int? retryAfter, int pause)
    {
        First.Answers(
            new ProviderResult.Throttled("too many requests", retryAfter is { } seconds ? TimeSpan.FromSeconds(seconds) : null),
            ScriptedProvider.Accepted
        );

        (await Send()).ShouldBeOfType<ChainOutcome.Sent>().Attempt.Provider.ShouldBe("second");
        Clock.Advance(TimeSpan.FromSeconds(pause) - TimeSpan.FromMilliseconds(1));
        (await Send(Another())).ShouldBeOfType<ChainOutcome.Sent>().Attempt.Provider.ShouldBe("second");
        First.Calls.Count.ShouldBe(1);

        Clock.Advance(TimeSpan.FromMilliseconds(1));
        (await Send(Another())).ShouldBeOfType<ChainOutcome.Sent>().Attempt.Provider.ShouldBe("first");
    }

    [Fact]
    public async Task Should_not_wait_longer_with_the_delivery_than_with_the_account()
    {
        First.Answers(new ProviderResult.Throttled("the quota of the day", TimeSpan.FromDays(1)));
        Second.Answers(new ProviderResult.Throttled("the quota of the month", TimeSpan.FromDays(7)));

        (await Send()).ShouldBeOfType<ChainOutcome.NotNow>().AtLeast.ShouldBe(TimeSpan.FromHours(1));
    }

    [Fact]
    public async Task Should_tell_the_other_hosts_to_leave_it_alone()
    {
        First.Answers(new ProviderResult.Throttled("too many requests", TimeSpan.FromSeconds(7)));
        AnotherHost(out var board);

        await Send();

        await Until(() => board.Current.HealthOf("first").PausedUntil == Clock.GetUtcNow() + TimeSpan.FromSeconds(7));
    }

    [Fact]
    public async Task Should_go_on_at_half_the_rate_that_was_too_much_and_slowly_faster()
    {
        First.Answers(
            (_, call) =>
                Task.FromResult(
                    call == 101 ? new ProviderResult.Throttled("too many requests", TimeSpan.FromSeconds(1)) : ScriptedProvider.Accepted
                )
        );
        for (var i = 0; i < 101; i++)
            await Send(Another());

        (await Controls.Load(CancellationToken.None)).HealthOf("first").LearnedPerSecond!.Value.ShouldBe(101.0 / 2, 0.01);

        Clock.Advance(TimeSpan.FromSeconds(20));
        await Send(Another());
        (await Controls.Load(CancellationToken.None)).HealthOf("first").LearnedPerSecond!.Value.ShouldBe(101.0 / 2 * 1.25, 0.01);
    }

    [Fact]
    public async Task Should_not_raise_the_rate_again_before_it_was_quiet_for_a_while()
    {
        First.Answers(
            (_, call) =>
                Task.FromResult(
                    call == 101 ? new ProviderResult.Throttled("too many requests", TimeSpan.FromSeconds(1)) : ScriptedProvider.Accepted
                )
        );
        for (var i = 0; i < 101; i++)
            await Send(Another());

        Clock.Advance(TimeSpan.FromSeconds(9));
        await Send(Another());

        (await Controls.Load(CancellationToken.None)).HealthOf("first").LearnedPerSecond!.Value.ShouldBe(101.0 / 2, 0.01);
    }

    [Fact]
    public async Task Should_cut_the_rate_once_for_calls_that_were_made_together_and_leave_it_alone_as_long_as_the_longest_asks()
    {
        for (var i = 0; i < 98; i++)
            await Send(Another());
        var (one, other) = (new TaskCompletionSource<ProviderResult>(), new TaskCompletionSource<ProviderResult>());
        First.Answers((_, call) => call == 99 ? one.Task : other.Task);
        var both = new[] { Task.Run(() => Send(Another())), Task.Run(() => Send(Another())) };
        await Until(() => First.Calls.Count == 100);

        one.SetResult(new ProviderResult.Throttled("too many requests", TimeSpan.FromSeconds(60)));
        await Task.WhenAny(both);
        other.SetResult(new ProviderResult.Throttled("too many requests", TimeSpan.FromSeconds(5)));
        await Task.WhenAll(both);

        var health = (await Controls.Load(CancellationToken.None)).HealthOf("first");
        health.PausedUntil.ShouldBe(Clock.GetUtcNow() + TimeSpan.FromSeconds(60));
        health.LearnedPerSecond!.Value.ShouldBe(99.0 / 2, 0.01);
    }

    [Fact]
    public async Task Should_go_on_while_it_says_that_something_is_left()
    {
        First.Answers(new ProviderResult.Accepted("their-id") { RateLimit = new RateLimit(Remaining: 1, Reset: TimeSpan.FromSeconds(30)) });

        await Send();

        (await Send(Another())).ShouldBeOfType<ChainOutcome.Sent>().Attempt.Provider.ShouldBe("first");
    }

    [Fact]
    public async Task Should_learn_no_rate_from_what_it_says_is_left()
    {
        First.Answers(
            (_, call) =>
                Task.FromResult<ProviderResult>(
                    new ProviderResult.Accepted("their-id") { RateLimit = new RateLimit(call == 50 ? 0 : 1, TimeSpan.FromSeconds(30)) }
                )
        );

        for (var i = 0; i < 50; i++)
            await Send(Another());

        var health = (await Controls.Load(CancellationToken.None)).HealthOf("first");
        (health.LearnedPerSecond, health.PausedUntil).ShouldBe((null, Clock.GetUtcNow() + TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public async Task Should_wait_for_a_turn_that_is_soon_without_being_put_off()
    {
        FirstAccount.PerSecond = 4;
        await Send();

        var waiting = Task.Run(() => Send(Another()));
        await Until(() => Clock.AlarmsWithin(TimeSpan.FromMilliseconds(250)) > 0);
        First.Calls.Count.ShouldBe(1);
        Clock.Advance(TimeSpan.FromMilliseconds(250));

        (await waiting).ShouldBeOfType<ChainOutcome.Sent>();
    }

    [Fact]
    public async Task Should_learn_no_rate_from_a_few_calls()
    {
        First.Answers(new ProviderResult.Throttled("too many requests", TimeSpan.FromSeconds(1)), ScriptedProvider.Accepted);

        await Send();

        (await Controls.Load(CancellationToken.None)).HealthOf("first").LearnedPerSecond.ShouldBeNull();
    }

    [Fact]
    public async Task Should_stop_before_it_complains_when_it_says_that_nothing_is_left()
    {
        First.Answers(
            new ProviderResult.Accepted("their-id") { RateLimit = new RateLimit(Remaining: 0, Reset: TimeSpan.FromSeconds(30)) },
            ScriptedProvider.Accepted
        );
        await Send();

        (await Send(Another())).ShouldBeOfType<ChainOutcome.Sent>().Attempt.Provider.ShouldBe("second");

        Clock.Advance(TimeSpan.FromSeconds(30));
        (await Send(Another())).ShouldBeOfType<ChainOutcome.Sent>().Attempt.Provider.ShouldBe("first");
    }
}
