using NotificationBus.Providers;
using NotificationBus.Providers.Controls;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Sending;

/// <summary>Operators change when a circuit opens and closes, while calls are under way and others have been counted.</summary>
public sealed class When_a_breaker_is_set : With_scripted_providers
{
    /// <summary>Half of them fail, which is less than nine of ten, and no two of them in a row.</summary>
    [Fact]
    public async Task Should_hold_what_was_counted_before_against_the_new_figures()
    {
        First.Answers((_, call) => Task.FromResult(call % 2 == 0 ? ScriptedProvider.Failing : ScriptedProvider.Accepted));
        for (var i = 0; i < 9; i++)
            await Send(Another());
        IsOpen.ShouldBeFalse();

        await Set(new BreakerControl { MinimumCalls = 10, FailureShare = 0.5 });
        IsOpen.ShouldBeFalse("the next call that ends is judged");
        await Send(Another());

        IsOpen.ShouldBeTrue("five of ten, nine of them before");
    }

    [Fact]
    public async Task Should_forget_what_is_too_long_ago()
    {
        First.Answers((_, call) => Task.FromResult(call % 2 == 0 ? ScriptedProvider.Failing : ScriptedProvider.Accepted));
        for (var i = 0; i < 8; i++)
            await Send(Another());
        Clock.Advance(TimeSpan.FromSeconds(10));

        await Set(new BreakerControl { MinimumCalls = 10, FailureShare = 0.5 });
        for (var i = 0; i < 9; i++)
            await Send(Another());
        IsOpen.ShouldBeFalse("nine within ten seconds");
        await Send(Another());

        IsOpen.ShouldBeTrue();
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Should_count_once_by_how_it_comes_out_a_call_that_was_under_way(bool fails)
    {
        var answer = new TaskCompletionSource<ProviderResult>();
        First.Answers((_, call) => call == 2 ? answer.Task : Task.FromResult(ScriptedProvider.Accepted));
        await Send(Another());
        var underWay = Send(Another());
        await Until(() => First.Calls.Count == 2);

        await Set(new BreakerControl { MinimumCalls = 2, FailureShare = 0.5 });
        answer.SetResult(fails ? ScriptedProvider.Failing : ScriptedProvider.Accepted);
        (await underWay).ShouldBeOfType<ChainOutcome.Sent>();

        IsOpen.ShouldBe(fails, "one of two");
        First.Calls.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Should_open_later_and_close_sooner_as_was_set()
    {
        await Set(
            new BreakerControl
            {
                MinimumCalls = 12,
                OpenFor = TimeSpan.FromMinutes(5),
                HalfOpenCalls = 1,
            }
        );
        await Send(Another());
        First.Answers(ScriptedProvider.Failing);
        for (var i = 0; i < 20; i++)
            await Send(Another());
        First.Calls.Count.ShouldBeInRange(12, 13);
        var before = First.Calls.Count;

        First.Answers(ScriptedProvider.Accepted);
        Clock.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromSeconds(1));
        await Send(Another());
        First.Calls.Count.ShouldBe(before);
        Clock.Advance(TimeSpan.FromSeconds(1));
        await Send(Another());
        First.Calls.Count.ShouldBe(before + 1);
        await Until(() => !IsOpen);
    }

    [Fact]
    public async Task Should_go_by_what_is_configured_once_it_is_taken_back()
    {
        await Set(new BreakerControl { MinimumCalls = 100 });
        await Send(Another());
        First.Answers(ScriptedProvider.Failing);
        for (var i = 0; i < 7; i++)
            await Send(Another());

        await Set(new ProviderControl());
        await Send(Another());

        IsOpen.ShouldBeTrue("eight in a row");
    }

    /// <summary>Counted from when it opened.</summary>
    [Theory, InlineData(10, 5), InlineData(3, 0), InlineData(300, 25), InlineData(30, 25)]
    public async Task Should_let_an_open_circuit_keep_its_own_time_unless_the_new_one_ends_sooner(int seconds, int left)
    {
        await Send(Another());
        First.Answers(ScriptedProvider.Failing);
        for (var i = 0; i < 10; i++)
            await Send(Another());
        IsOpen.ShouldBeTrue();
        First.Answers(ScriptedProvider.Accepted);
        var before = First.Calls.Count;
        Clock.Advance(TimeSpan.FromSeconds(5));

        await Set(new BreakerControl { OpenFor = TimeSpan.FromSeconds(seconds) });

        if (left > 0)
        {
            Clock.Advance(TimeSpan.FromSeconds(left) - TimeSpan.FromMilliseconds(1));
            await Send(Another());
            First.Calls.Count.ShouldBe(before, "its break is not over");
            Clock.Advance(TimeSpan.FromMilliseconds(1));
        }

        await Send(Another());
        First.Calls.Count.ShouldBe(before + 1, "a probe");
    }

    bool IsOpen => Board.Current.HealthOf("first").CircuitOpen;

    async Task Set(BreakerControl breaker)
    {
        await Set(new ProviderControl { Breaker = breaker });
        var known = (await Controls.Load(CancellationToken.None)).HealthOf("first");
        await Until(() => Board.Current.HealthOf("first") == known);
    }
}
