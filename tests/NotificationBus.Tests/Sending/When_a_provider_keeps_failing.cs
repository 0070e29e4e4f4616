using NotificationBus.Sending;
using NotificationBus.Sending.Accounts;
using NotificationBus.Sending.Controls;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Sending;

public sealed class When_a_provider_keeps_failing : With_scripted_providers
{
    [Fact]
    public async Task Should_stop_calling_it_after_a_few_deliveries_and_lose_none()
    {
        await Prove();
        First.Answers(ScriptedProvider.Failing);

        var outcomes = new List<ChainOutcome>();
        for (var i = 0; i < 100; i++)
            outcomes.Add(await Send(Another()));

        outcomes.ShouldAllBe(outcome => outcome is ChainOutcome.Sent);
        (First.Calls.Count - 1).ShouldBeInRange(8, 9, "it takes a few to know");
    }

    [Fact]
    public async Task Should_know_sooner_when_it_has_never_worked()
    {
        First.Answers(ScriptedProvider.Failing);

        for (var i = 0; i < 20; i++)
            (await Send(Another())).ShouldBeOfType<ChainOutcome.Sent>();

        First.Calls.Count.ShouldBe(3);
    }

    [Fact]
    public async Task Should_not_flap_with_one_that_fails_now_and_then()
    {
        await Prove();
        First.Answers((_, call) => Task.FromResult(call % 10 < 3 ? ScriptedProvider.Failing : ScriptedProvider.Accepted));

        for (var i = 0; i < 300; i++)
            await Send(Another());

        First.Calls.Count.ShouldBe(301);
    }

    [Fact]
    public async Task Should_not_hold_against_it_what_it_turns_away_for_the_deliverys_own_sake()
    {
        await Prove();
        First.Answers(ScriptedProvider.Unavailable);

        for (var i = 0; i < 50; i++)
            await Send(Another());

        First.Calls.Count.ShouldBe(51);
    }

    [Fact]
    public async Task Should_tell_the_other_hosts()
    {
        var anotherHost = AnotherHost(out var board);
        await Break();

        await Until(() => board.Current.HealthOf("first").CircuitOpen);
        var calls = First.Calls.Count;
        var delivery = Another();
        (await anotherHost.Send(delivery, CommandFor(delivery), CancellationToken.None)).ShouldBeOfType<ChainOutcome.Sent>().Attempt.Provider.ShouldBe("second");

        First.Calls.Count.ShouldBe(calls);
    }

    [Fact]
    public async Task Should_probe_it_one_by_one_after_the_break_and_then_use_it_again()
    {
        await Break();
        First.Answers(ScriptedProvider.Accepted);
        var before = First.Calls.Count;

        (await Send(Another())).ShouldBeOfType<ChainOutcome.Sent>().Attempt.Provider.ShouldBe("second");
        Clock.Advance(CircuitBreaker.BreakFor);
        for (var i = 0; i < 100 && Board.Current.HealthOf("first").CircuitOpen; i++)
            (await Send(Another())).ShouldBeOfType<ChainOutcome.Sent>();

        // The last delivery of the loop may have found the circuit closed.
        (First.Calls.Count - before).ShouldBeInRange(CircuitBreaker.ProbesNeeded, CircuitBreaker.ProbesNeeded + 1);
        (await Send(Another())).ShouldBeOfType<ChainOutcome.Sent>().Attempt.Provider.ShouldBe("first");
    }

    [Fact]
    public async Task Should_wait_for_another_break_after_a_probe_that_failed()
    {
        await Break();
        var before = First.Calls.Count;

        for (var round = 1; round <= 3; round++)
        {
            Clock.Advance(CircuitBreaker.BreakFor);
            for (var i = 0; i < 10; i++)
                (await Send(Another())).ShouldBeOfType<ChainOutcome.Sent>().Attempt.Provider.ShouldBe("second");

            (First.Calls.Count - before).ShouldBe(round);
        }
    }

    [Fact]
    public async Task Should_wait_at_least_for_the_break_when_there_is_nobody_else()
    {
        Second.Answers(ScriptedProvider.Failing);
        await Break();

        ChainOutcome outcome = await Send(Another());
        for (var i = 0; i < 10; i++)
            outcome = await Send(Another());

        outcome.ShouldBeOfType<ChainOutcome.NotNow>().AtLeast.ShouldBe(CircuitBreaker.BreakFor);
    }

    [Fact]
    public async Task Should_ask_for_attention_after_three_refusals_of_our_credentials()
    {
        First.Answers(new ProviderResult.Misconfigured("401: check ApiKey"));

        for (var i = 0; i < 20; i++)
            (await Send(Another())).ShouldBeOfType<ChainOutcome.Sent>().Attempt.Provider.ShouldBe("second");

        First.Calls.Count.ShouldBe(3);
        var health = (await Controls.Load(CancellationToken.None)).HealthOf("first");
        (health.CircuitOpen, health.NeedsAttention, health.Reason).ShouldBe((true, true, "401: check ApiKey"));
    }

    [Fact]
    public async Task Should_cost_no_more_than_three_calls_however_many_deliveries_come_at_once()
    {
        var answer = new TaskCompletionSource<ProviderResult>();
        First.Answers((_, _) => answer.Task);

        var sending = Enumerable.Range(0, 16).Select(_ => Task.Run(() => Send(Another()))).ToList();
        await Until(() => First.Calls.Count == 3);
        answer.SetResult(new ProviderResult.Misconfigured("401: check ApiKey"));

        (await Task.WhenAll(sending)).ShouldAllBe(outcome => outcome is ChainOutcome.Sent);
        First.Calls.Count.ShouldBe(3);
    }

    [Fact]
    public async Task Should_be_called_all_the_same_when_an_operator_holds_the_circuit_closed()
    {
        await Set(new ProviderControl { Pin = CircuitPin.Closed });
        First.Answers(ScriptedProvider.Unavailable);

        await Break();
        var before = First.Calls.Count;
        await Send(Another());

        First.Calls.Count.ShouldBe(before + 1);
    }

    /// <summary>The provider has worked, and then it fails until it is no longer called.</summary>
    async Task Break()
    {
        await Prove();
        First.Answers(ScriptedProvider.Failing);
        for (var i = 0; i < 10; i++)
            await Send(Another());
    }

    async Task Prove() => (await Send()).ShouldBeOfType<ChainOutcome.Sent>();
}
