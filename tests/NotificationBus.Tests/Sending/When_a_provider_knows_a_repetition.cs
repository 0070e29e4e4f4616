using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Providers;
using NotificationBus.Providers.Controls;
using NotificationBus.Providers.Routing;
using NotificationBus.Sending;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Sending;

/// <summary>
/// A10: what is in doubt is repeated by itself, and at the same provider only, where a key makes it harmless, and as long as it does.
/// </summary>
public sealed class When_a_provider_knows_a_repetition : With_scripted_providers
{
    // Ten seconds are for the call, a minute for the clocks.
    static readonly TimeSpan Harmless = TimeSpan.FromMinutes(15) - TimeSpan.FromSeconds(70);

    SendDelivery _command;

    public When_a_provider_knows_a_repetition()
    {
        First.KnowsRepetitionFor = TimeSpan.FromMinutes(15);
        _command = TheCommand;
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Should_ask_it_and_nobody_else_as_long_as_it_does(bool hold)
    {
        _command = _command with { HoldWhenInDoubt = hold };
        Redelivery.MostInDoubt = 2;
        await Set(new ProviderControl { Pin = CircuitPin.Closed });
        First.Answers(ScriptedProvider.InDoubt);

        for (var minute = 0; minute < 14; minute++)
        {
            (await SendNext()).ShouldBeOfType<ChainOutcome.NotNow>().EndedInDoubt.ShouldBeTrue();
            Clock.Advance(TimeSpan.FromMinutes(1));
        }

        (First.Calls.Count, Second.Calls.Count).ShouldBe((14, 0));
    }

    [Fact]
    public async Task Should_hold_it_when_it_may_be_forgotten_and_the_category_says_so()
    {
        _command = _command with { HoldWhenInDoubt = true };
        First.Answers(ScriptedProvider.InDoubt);

        (await SendNext()).ShouldBeOfType<ChainOutcome.NotNow>().AtMost.ShouldBe(Harmless, "then it is decided");
        Clock.Advance(Harmless);

        var held = (await SendNext()).ShouldBeOfType<ChainOutcome.Held>();

        (held.Attempts, held.Attempt.Provider, held.Attempt.Reason).ShouldBe((1, "first", "the line went dead"));
        (First.Calls.Count, Second.Calls.Count).ShouldBe((1, 0));
    }

    [Fact]
    public async Task Should_go_on_as_usual_when_it_may_be_forgotten_and_is_to_be_sent_again()
    {
        First.Answers(ScriptedProvider.InDoubt);
        await SendNext();
        await SendNext();
        Clock.Advance(Harmless);

        (await SendNext()).ShouldBeOfType<ChainOutcome.NotNow>().AtMost.ShouldBeNull();
        (await SendNext()).ShouldBeOfType<ChainOutcome.Sent>().Attempt.Provider.ShouldBe("second");

        First.Calls.Count.ShouldBe(3, "twice in doubt, of which one was harmless, and once more as usual");
    }

    /// <summary>
    /// Its next call may be in doubt because the first one was taken, and forgotten soon: an operator's word makes the vendor remember
    /// nothing longer.
    /// </summary>
    [Fact]
    public async Task Should_count_from_the_first_call_whatever_an_operator_has_decided_since()
    {
        _command = _command with { HoldWhenInDoubt = true };
        First.Answers(ScriptedProvider.InDoubt);
        await SendNext();
        Clock.Advance(Harmless);
        await SendNext();

        var decided = TheCommand with { HoldWhenInDoubt = true, EarlierAttempts = 1, MayHaveBeenSent = true };

        (await Send(decided)).ShouldBeOfType<ChainOutcome.Held>();
        (First.Calls.Count, Second.Calls.Count).ShouldBe((2, 0));
    }

    [Theory]
    [InlineData("does not take it now", true)]
    [InlineData("does not take it now", false)]
    [InlineData("has an open circuit", true)]
    [InlineData("has an open circuit", false)]
    public async Task Should_wait_for_it_while_it(string what, bool hold)
    {
        _command = _command with { HoldWhenInDoubt = hold };
        First.Answers(ScriptedProvider.InDoubt, ScriptedProvider.Failing);
        await SendNext();
        if (what == "has an open circuit")
        {
            for (var calls = 0; calls < 10; calls++)
                await Send(Another());
            Second.Answers(ScriptedProvider.Accepted);
        }

        var (first, second) = (First.Calls.Count, Second.Calls.Count);
        var later = (await SendNext()).ShouldBeOfType<ChainOutcome.NotNow>();

        later.AtMost.ShouldBe(Harmless);
        later.AtLeast.ShouldBe(FirstAccount.Circuit.OpenFor, "its circuit is open now, and that of the other one does not matter");
        (First.Calls.Count > first).ShouldBe(what != "has an open circuit");
        Second.Calls.Count.ShouldBe(second);
    }

    [Theory]
    [InlineData(ProviderSwitch.Off, true)]
    [InlineData(ProviderSwitch.Off, false)]
    public async Task Should_not_wait_for_one_that_operators_have_switched_off(ProviderSwitch set, bool hold)
    {
        _command = _command with { HoldWhenInDoubt = hold };
        First.Answers(ScriptedProvider.InDoubt);
        await SendNext();
        await Set(new ProviderControl { Switch = set });

        (await SendNext()).ShouldBeOfType(hold ? typeof(ChainOutcome.Held) : typeof(ChainOutcome.Sent));

        First.Calls.Count.ShouldBe(1);
    }

    [Theory]
    [InlineData("declines it", true, typeof(ChainOutcome.Held))]
    [InlineData("declines it", false, typeof(ChainOutcome.Sent))]
    [InlineData("rejects it", true, typeof(ChainOutcome.Held))]
    [InlineData("rejects it", false, typeof(ChainOutcome.Refused))]
    public async Task Should_not_take_a_refusal_of_the_repetition_for_a_word_on_the_first(string answer, bool hold, Type outcome)
    {
        _command = _command with { HoldWhenInDoubt = hold };
        First.Answers(ScriptedProvider.InDoubt, answer == "declines it" ? ScriptedProvider.Declined : ScriptedProvider.Rejected);
        await SendNext();

        (await SendNext()).ShouldBeOfType(outcome);
    }

    /// <summary>A notification that is lost is worse than one that comes twice, where the category says so.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Should_leave_the_others_half_of_the_time_unless_it_is_held(bool hold)
    {
        First.Answers(ScriptedProvider.InDoubt);
        _command = _command with { ExpiresAt = Clock.GetUtcNow().AddMinutes(10), HoldWhenInDoubt = hold };
        await SendNext();
        Clock.Advance(TimeSpan.FromMinutes(5));
        await SendNext();

        (await SendNext()).ShouldBeOfType(hold ? typeof(ChainOutcome.NotNow) : typeof(ChainOutcome.Sent));

        Second.Calls.Count.ShouldBe(hold ? 0 : 1);
    }

    [Fact]
    public async Task Should_have_all_of_the_time_where_there_are_no_others()
    {
        Routes = [new ChannelRoute { When = { Categories = [TheDelivery.Category] }, Providers = ["first"] }];
        Redelivery.MostInDoubt = 2;
        await Set(new ProviderControl { Pin = CircuitPin.Closed });
        First.Answers(ScriptedProvider.InDoubt);
        _command = _command with { ExpiresAt = Clock.GetUtcNow().AddMinutes(10) };
        for (var minute = 0; minute < 9; minute++)
        {
            (await SendNext()).ShouldBeOfType<ChainOutcome.NotNow>();
            Clock.Advance(TimeSpan.FromMinutes(1));
        }

        First.Calls.Count.ShouldBe(9);
    }

    [Fact]
    public async Task Should_not_be_asked_any_more_by_a_delivery_that_waited_too_long_for_its_place()
    {
        var (answer, unanswered) = (
            new TaskCompletionSource<ProviderResult>(TaskCreationOptions.RunContinuationsAsynchronously),
            new List<Task>()
        );
        _command = _command with { HoldWhenInDoubt = true };
        First.Answers((delivery, _) => delivery.Id == TheDelivery.Id ? Task.FromResult(ScriptedProvider.InDoubt) : answer.Task);
        await SendNext();
        while (First.Calls.Count < 3)
        {
            unanswered.Add(Send(Another()));
            await Until(() => First.Calls.Count > unanswered.Count);
        }

        var waiting = SendNext();
        Clock.Advance(Harmless);
        answer.SetResult(ScriptedProvider.Accepted);

        (await waiting).ShouldBeOfType<ChainOutcome.Held>();
        await Task.WhenAll(unanswered);
        First.Calls.Count(delivery => delivery.Id == TheDelivery.Id).ShouldBe(1);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Should_ask_it_again_at_once_when_the_worker_died(bool hold)
    {
        _command = _command with { HoldWhenInDoubt = hold };
        await WorkerDies();

        (await SendNext()).ShouldBeOfType<ChainOutcome.Sent>().Attempt.Number.ShouldBe(2);

        (First.Calls.Count, Second.Calls.Count).ShouldBe((1, 0));
    }

    [Theory]
    [InlineData("is not taken")]
    [InlineData("is declined")]
    [InlineData("is rejected")]
    [InlineData("is not asked for")]
    [InlineData("may not be sent there")]
    public async Task Should_ask_nobody_else_and_hold_it_when_what_a_worker_left_waits_for_its_turn_and_then(string what)
    {
        FirstAccount.PerSecond = 0.5;
        _command = _command with { HoldWhenInDoubt = true, AnotherChannelFollows = true };
        await WorkerDies();
        First.Answers(
            ScriptedProvider.Accepted,
            what switch
            {
                "is declined" => ScriptedProvider.Declined,
                "is rejected" => ScriptedProvider.Rejected,
                _ => ScriptedProvider.Unavailable,
            }
        );
        await Send(Another());
        (await SendNext()).ShouldBeOfType<ChainOutcome.NotNow>().Slot.ShouldNotBeNull();
        Clock.Advance(TimeSpan.FromSeconds(2));

        if (what == "is not asked for")
            await Set(new ProviderControl { Switch = ProviderSwitch.Off });
        if (what == "may not be sent there")
            await Ledger.Add(
                new Suppression("email", TheDelivery.Address, Category: null, "no such mailbox", "first"),
                CancellationToken.None
            );
        if (what == "is not taken")
        {
            (await SendNext()).ShouldBeOfType<ChainOutcome.NotNow>().InDoubt.ShouldBe(1);
            Clock.Advance(Harmless);
        }

        (await SendNext()).ShouldBeOfType<ChainOutcome.Held>().Attempt.Number.ShouldBe(1);
        Second.Calls.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_find_what_a_worker_left_when_nobody_can_be_asked()
    {
        _command = _command with { HoldWhenInDoubt = true };
        await WorkerDies();
        await Set(new ProviderControl { Switch = ProviderSwitch.Off });
        await Set(new ProviderControl { Switch = ProviderSwitch.Off }, "second");

        (await SendNext()).ShouldBeOfType<ChainOutcome.Held>("another channel would send it again");
    }

    [Fact]
    public async Task Should_hold_what_killed_its_worker_again_and_again()
    {
        _command = _command with { HoldWhenInDoubt = true };
        for (var number = 1; number <= 10; number++)
        {
            if (number > 1)
                await Ledger.Record(
                    Ledger.AttemptsOf(TheDelivery.NotificationId)[^1] with
                    {
                        Status = AttemptStatus.InDoubt,
                        Reason = ChainRound.WorkerDied,
                    },
                    null,
                    CancellationToken.None
                );
            await WorkerDies(number);
        }

        (await SendNext()).ShouldBeOfType<ChainOutcome.Held>().Attempts.ShouldBe(10);
        First.Calls.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_hold_what_a_worker_left_that_died_too_long_ago()
    {
        _command = _command with { HoldWhenInDoubt = true };
        await WorkerDies();
        Clock.Advance(Harmless);

        (await SendNext()).ShouldBeOfType<ChainOutcome.Held>().Attempts.ShouldBe(1);
        (First.Calls.Count, Second.Calls.Count).ShouldBe((0, 0));
    }

    /// <summary>It may have kept the key whatever it answered.</summary>
    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task Should_count_from_the_first_call_and_not_from_the_first_in_doubt(bool hold, bool comesAgain)
    {
        _command = _command with { HoldWhenInDoubt = hold };
        First.Answers(ScriptedProvider.Unavailable, ScriptedProvider.InDoubt);
        Second.Answers(ScriptedProvider.Unavailable);
        (await SendNext()).ShouldBeOfType<ChainOutcome.NotNow>().MayHaveBeenSent.ShouldBeFalse();
        Clock.Advance(TimeSpan.FromMinutes(10));
        if (comesAgain)
            await Send(_command);

        (await SendNext()).ShouldBeOfType<ChainOutcome.NotNow>().AtMost.ShouldBe(Harmless - TimeSpan.FromMinutes(10));

        Clock.Advance(Harmless - TimeSpan.FromMinutes(10));
        if (hold)
            (await SendNext()).ShouldBeOfType<ChainOutcome.Held>();
        First.Calls.Count.ShouldBe(2);
    }

    /// <summary>A4: then nobody can say how long ago the first call was.</summary>
    [Theory]
    [InlineData(2, typeof(ChainOutcome.NotNow))]
    [InlineData(3, typeof(ChainOutcome.Held))]
    [InlineData(3600, typeof(ChainOutcome.Held))]
    public async Task Should_be_taken_for_one_that_has_forgotten_when_the_clock_is_set_back(int seconds, Type outcome)
    {
        _command = _command with { HoldWhenInDoubt = true };
        First.Answers(ScriptedProvider.InDoubt);
        await SendNext();
        Clock.Set(TimeSpan.FromSeconds(-seconds));

        (await SendNext()).ShouldBeOfType(outcome);

        Second.Calls.ShouldBeEmpty();
    }

    /// <summary>A4: also when the time of the first call has come once more.</summary>
    [Fact]
    public async Task Should_not_be_taken_for_one_that_knows_it_again_when_the_clock_goes_on()
    {
        First.Answers(ScriptedProvider.InDoubt);
        await SendNext();
        Clock.Set(-TimeSpan.FromHours(1));
        (await SendNext()).ShouldBeOfType<ChainOutcome.NotNow>().AtMost.ShouldBeNull();
        Clock.Advance(TimeSpan.FromMinutes(61));

        (await SendNext()).ShouldBeOfType<ChainOutcome.Sent>().Attempt.Provider.ShouldBe("second");
    }

    /// <summary>A4: what was harmless then is harmless still, and nothing that an operator had to decide about.</summary>
    [Fact]
    public async Task Should_not_count_against_it_what_it_knew_before_the_clock_was_set_back()
    {
        Redelivery.MostInDoubt = 3;
        First.Answers(ScriptedProvider.InDoubt);
        await Set(new ProviderControl { Pin = CircuitPin.Closed });
        for (var call = 0; call < 5; call++)
        {
            await SendNext();
            Clock.Advance(TimeSpan.FromMinutes(1));
        }

        Clock.Set(-TimeSpan.FromHours(1));

        (await SendNext()).ShouldBeOfType<ChainOutcome.NotNow>().AtMost.ShouldBeNull();
    }

    /// <summary>A claim may wait for a standby of the database that hangs.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Should_not_be_called_when_the_claim_took_too_long(bool hold)
    {
        _command = _command with { HoldWhenInDoubt = hold };
        First.Answers(ScriptedProvider.InDoubt);
        await SendNext();
        if (!hold)
            await SendNext();
        var before = First.Calls.Count;
        WhileClaiming = () =>
        {
            WhileClaiming = null;
            Clock.Advance(Harmless);
        };

        var outcome = await SendNext();

        if (hold)
            outcome.ShouldBeOfType<ChainOutcome.Held>().Attempt.Number.ShouldBe(1);
        else
            outcome.ShouldBeOfType<ChainOutcome.NotNow>().AtMost.ShouldBeNull("it is asked as usual now");
        Attempts
            .ElementAt(before)
            .ShouldBe(
                hold
                    ? "2 first Unavailable not called: meanwhile it may have forgotten that it was asked before"
                    : "3 first InDoubt the line went dead"
            );
        First.Calls.Count.ShouldBe(hold ? before : before + 1);
    }

    /// <summary>The command, and after a pause the one that comes in its place.</summary>
    async Task<ChainOutcome> SendNext()
    {
        var outcome = await Send(_command);
        if (outcome is ChainOutcome.NotNow later)
            _command = Again(_command, later);
        return outcome;
    }

    async Task WorkerDies(int number = 1)
    {
        var attempt = new DeliveryAttempt
        {
            DeliveryId = TheDelivery.Id,
            NotificationId = TheDelivery.NotificationId,
            Number = number,
            Channel = "email",
            Provider = "first",
            Status = AttemptStatus.Started,
        };
        (
            await Ledger.Claim(attempt, TheDelivery.Address, TheDelivery.Category, TimeSpan.FromSeconds(25), CancellationToken.None)
        ).Granted.ShouldBeTrue();
        Clock.Advance(TimeSpan.FromSeconds(25));
    }
}
