using NotificationBus.Providers;
using NotificationBus.Providers.Accounts;
using NotificationBus.Providers.Controls;
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

    [Theory]
    [InlineData(0)]
    [InlineData(400)]
    public async Task Should_not_bear_for_long_one_that_fails_every_other_call(int millisecondsBetween)
    {
        await Prove();
        First.Answers((_, call) => Task.FromResult(call % 2 == 0 ? ScriptedProvider.Failing : ScriptedProvider.Accepted));

        for (var i = 0; i < 60; i++)
        {
            await Send(Another());
            Clock.Advance(TimeSpan.FromMilliseconds(millisecondsBetween));
        }

        First.Calls.Count.ShouldBeInRange(50, 51, "half of fifty");
        (await Controls.Load(CancellationToken.None)).HealthOf("first").Reason.ShouldBe("out of order");
    }

    /// <summary>A10: an outage is noticed where little is sent, too.</summary>
    [Fact]
    public async Task Should_notice_it_too_when_it_is_seldom_called()
    {
        await Prove();
        First.Answers(ScriptedProvider.Failing);

        for (var i = 0; i < 20; i++)
        {
            Clock.Advance(TimeSpan.FromMinutes(1));
            await Send(Another());
        }

        // Each time the break is over, one probe.
        (First.Calls.Count - 1).ShouldBe(20);
        Board.Current.HealthOf("first").Since.ShouldBe(Clock.GetUtcNow() - TimeSpan.FromMinutes(12), "eight in a row");
    }

    /// <summary>A10: what nobody knows to have gone out speaks against the provider like what did not.</summary>
    [Fact]
    public async Task Should_count_answers_in_doubt_like_others()
    {
        await Prove();
        First.Answers(ScriptedProvider.InDoubt);

        for (var i = 0; i < 20; i++)
            await Send(Another());

        (First.Calls.Count - 1).ShouldBeInRange(8, 9);
    }

    [Fact]
    public async Task Should_do_as_the_settings_of_the_account_say()
    {
        FirstAccount.Circuit.MinimumCalls = 4;
        FirstAccount.Circuit.FailureShare = 0.5;
        FirstAccount.Circuit.OpenFor = TimeSpan.FromMinutes(5);
        FirstAccount.Circuit.HalfOpenCalls = 1;
        await Prove();
        First.Answers((_, call) => Task.FromResult(call == 2 ? ScriptedProvider.Accepted : ScriptedProvider.Failing));
        for (var i = 0; i < 10; i++)
            await Send(Another());
        First.Calls.Count.ShouldBe(4, "two taken, two not");

        First.Answers(ScriptedProvider.Accepted);
        Clock.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromSeconds(1));
        (await Send(Another())).ShouldBeOfType<ChainOutcome.Sent>().Attempt.Provider.ShouldBe("second");
        Clock.Advance(TimeSpan.FromSeconds(1));
        (await Send(Another())).ShouldBeOfType<ChainOutcome.Sent>().Attempt.Provider.ShouldBe("first");
        await Until(() => !Board.Current.HealthOf("first").CircuitOpen);
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
        (await anotherHost.Send(delivery, CommandFor(delivery), CancellationToken.None))
            .ShouldBeOfType<ChainOutcome.Sent>()
            .Attempt.Provider.ShouldBe("second");

        First.Calls.Count.ShouldBe(calls);
    }

    [Fact]
    public async Task Should_probe_it_one_by_one_after_the_break_and_then_use_it_again()
    {
        await Break();
        First.Answers(ScriptedProvider.Accepted);
        var before = First.Calls.Count;

        (await Send(Another())).ShouldBeOfType<ChainOutcome.Sent>().Attempt.Provider.ShouldBe("second");
        Clock.Advance(FirstAccount.Circuit.OpenFor);
        using var patience = new CancellationTokenSource(Pulse.Patience);
        while (Board.Current.HealthOf("first").CircuitOpen)
        {
            patience.Token.ThrowIfCancellationRequested();
            (await Send(Another())).ShouldBeOfType<ChainOutcome.Sent>();
        }

        // The last delivery of the loop may have found the circuit closed.
        (First.Calls.Count - before).ShouldBeInRange(FirstAccount.Circuit.HalfOpenCalls, FirstAccount.Circuit.HalfOpenCalls + 1);
        (await Send(Another())).ShouldBeOfType<ChainOutcome.Sent>().Attempt.Provider.ShouldBe("first");
    }

    [Fact]
    public async Task Should_wait_for_another_break_after_a_probe_that_failed()
    {
        await Break();
        var before = First.Calls.Count;

        for (var round = 1; round <= 3; round++)
        {
            Clock.Advance(FirstAccount.Circuit.OpenFor);
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

        outcome.ShouldBeOfType<ChainOutcome.NotNow>().AtLeast.ShouldBe(FirstAccount.Circuit.OpenFor);
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

    /// <summary>One application's sender that is not allowed takes the account from nobody else.</summary>
    [Fact]
    public async Task Should_not_hold_an_applications_own_sender_against_the_account()
    {
        First.Answers(
            (delivery, _) =>
                Task.FromResult(
                    delivery.Sender is null
                        ? ScriptedProvider.Accepted
                        : new ProviderResult.Misconfigured("403: check From") { MayBeSender = true }
                )
        );

        for (var i = 0; i < 10; i++)
            (await Send(Another() with { Sender = new Sender("cup@example.com") }))
                .ShouldBeOfType<ChainOutcome.Sent>()
                .Attempt.Provider.ShouldBe("second");

        First.Calls.Count.ShouldBe(10);
        (await Controls.Load(CancellationToken.None)).HealthOf("first").CircuitOpen.ShouldBeFalse();
        (await Send(Another())).ShouldBeOfType<ChainOutcome.Sent>().Attempt.Provider.ShouldBe("first");
    }

    /// <summary>Each answer keeps one of the three places there are until it is proven: the fourth delivery would wait for ever.</summary>
    [Fact]
    public async Task Should_leave_nobody_waiting_for_it_when_what_is_wrong_changes_before_it_has_taken_anything()
    {
        First.Answers(
            (_, call) => Task.FromResult(call % 2 == 1 ? new ProviderResult.Misconfigured("401: check ApiKey") : ScriptedProvider.Failing)
        );

        for (var i = 0; i < 6; i++)
            (await Send(Another()).WaitAsync(TimeSpan.FromMinutes(1)))
                .ShouldBeOfType<ChainOutcome.Sent>()
                .Attempt.Provider.ShouldBe("second");

        First.Calls.Count.ShouldBe(3);
        (await Controls.Load(CancellationToken.None)).HealthOf("first").CircuitOpen.ShouldBeTrue();
    }

    [Fact]
    public async Task Should_not_ask_for_attention_when_it_has_taken_something_in_between()
    {
        First.Answers(
            (_, call) => Task.FromResult(call == 3 ? ScriptedProvider.Accepted : new ProviderResult.Misconfigured("401: check ApiKey"))
        );

        for (var i = 0; i < 5; i++)
            await Send(Another());

        First.Calls.Count.ShouldBe(5, "two, one that was taken, two");
        await Send(Another());
        await Send(Another());
        First.Calls.Count.ShouldBe(6, "three in a row");
    }

    [Fact]
    public async Task Should_count_one_that_refuses_a_delivery_as_one_that_works()
    {
        First.Answers((_, call) => Task.FromResult(call == 1 ? ScriptedProvider.Rejected : ScriptedProvider.Failing));

        for (var i = 0; i < 20; i++)
            await Send(Another());

        First.Calls.Count.ShouldBeInRange(9, 10);
    }

    [Fact]
    public async Task Should_ask_for_attention_when_a_probe_is_refused_for_our_credentials()
    {
        await Break();
        var since = Board.Current.HealthOf("first").Since;
        First.Answers(new ProviderResult.Misconfigured("401: check ApiKey"));

        Clock.Advance(FirstAccount.Circuit.OpenFor);
        await Send(Another());

        var health = (await Controls.Load(CancellationToken.None)).HealthOf("first");
        (health.CircuitOpen, health.NeedsAttention, health.Reason, health.Since).ShouldBe(
            (true, true, "a probe failed: 401: check ApiKey", since)
        );
    }

    [Fact]
    public async Task Should_not_be_closed_by_probes_that_did_not_pass_in_a_row()
    {
        await Break();
        First.Answers((_, call) => Task.FromResult(call % 3 == 0 ? ScriptedProvider.Failing : ScriptedProvider.Accepted));

        for (var i = 0; i < 12; i++)
        {
            Clock.Advance(FirstAccount.Circuit.OpenFor);
            await Send(Another());
            await Heard();
        }

        Board.Current.HealthOf("first").CircuitOpen.ShouldBeTrue();
    }

    [Fact]
    public async Task Should_begin_to_count_anew_once_it_works_again()
    {
        await Break();
        First.Answers(ScriptedProvider.Accepted);
        await Close();
        var before = First.Calls.Count;
        First.Answers(ScriptedProvider.Failing);

        for (var i = 0; i < 20; i++)
            await Send(Another());

        (First.Calls.Count - before).ShouldBeInRange(8, 9);
    }

    [Fact]
    public async Task Should_be_called_again_as_soon_as_another_host_has_found_that_it_works()
    {
        await Break();
        First.Answers(ScriptedProvider.Accepted);

        await Controls.ProbePassed("first", needed: 1);
        await Heard();

        (await Send(Another())).ShouldBeOfType<ChainOutcome.Sent>().Attempt.Provider.ShouldBe("first");
    }

    /// <summary>C: one recipient's trouble never closes the account, at any step.</summary>
    [Fact]
    public async Task Should_not_hold_against_it_what_is_in_doubt_for_the_deliverys_own_sake()
    {
        First.Answers(new ProviderResult.InDoubt("the endpoint is silent", OnlyThisDelivery: true));

        for (var i = 0; i < 50; i++)
            await Send(Another());

        First.Calls.Count.ShouldBe(50);
        Board.Current.HealthOf("first").ShouldBe(NotificationBus.Providers.Accounts.ProviderHealth.Unknown);
    }

    /// <summary>C: one recipient's trouble never closes the account, at any step.</summary>
    [Fact]
    public async Task Should_take_a_probe_for_passed_whose_recipient_is_turned_away()
    {
        await Break();
        First.Answers(ScriptedProvider.Unavailable);

        await Close();

        Board.Current.HealthOf("first").CircuitOpen.ShouldBeFalse();
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

    /// <summary>The break is over, and one delivery after the other is a probe.</summary>
    async Task Close()
    {
        Clock.Advance(FirstAccount.Circuit.OpenFor);
        for (var i = 0; i < FirstAccount.Circuit.HalfOpenCalls; i++)
        {
            await Send(Another());
            await Heard();
        }
    }

    /// <summary>This host has heard what the store knows.</summary>
    async Task Heard()
    {
        var known = (await Controls.Load(CancellationToken.None)).HealthOf("first");
        await Until(() => Board.Current.HealthOf("first") == known);
    }

    async Task Prove() => (await Send()).ShouldBeOfType<ChainOutcome.Sent>();
}
