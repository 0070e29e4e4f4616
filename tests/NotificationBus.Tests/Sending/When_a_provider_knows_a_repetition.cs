using NotificationBus.Contracts;
using NotificationBus.Sending;
using NotificationBus.Sending.Controls;
using NotificationBus.Sending.Routing;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Sending;

/// <summary>A10: what is in doubt is repeated by itself, and at the same provider only, where a key makes it harmless, and as long as it does.</summary>
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

    /// <summary>Its next call may be in doubt because the first one was taken, and forgotten soon: an operator's word makes the vendor remember nothing longer.</summary>
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
        var (answer, unanswered) = (new TaskCompletionSource<ProviderResult>(TaskCreationOptions.RunContinuationsAsynchronously), new List<Task>());
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

    [Fact]
    public async Task Should_hold_what_a_worker_left_that_died_too_long_ago_or_that_nobody_takes_now()
    {
        _command = _command with { HoldWhenInDoubt = true };
        await WorkerDies();
        First.Answers(ScriptedProvider.Unavailable);

        (await SendNext()).ShouldBeOfType<ChainOutcome.Held>().Attempts.ShouldBe(2);

        Clock.Advance(Harmless);
        (await SendNext()).ShouldBeOfType<ChainOutcome.Held>().Attempts.ShouldBe(2);
        (First.Calls.Count, Second.Calls.Count).ShouldBe((1, 0));
    }

    /// <summary>The command, and after a pause the one that comes in its place.</summary>
    async Task<ChainOutcome> SendNext()
    {
        var outcome = await Send(_command);
        if (outcome is ChainOutcome.NotNow later)
            _command = Again(_command, later);
        return outcome;
    }

    async Task WorkerDies()
    {
        var attempt = new DeliveryAttempt
        {
            DeliveryId = TheDelivery.Id,
            NotificationId = TheDelivery.NotificationId,
            Number = 1,
            Channel = "email",
            Provider = "first",
            Status = AttemptStatus.Started,
        };
        (await Ledger.Claim(attempt, TheDelivery.Address, TheDelivery.Category, TimeSpan.FromSeconds(25), CancellationToken.None)).Granted.ShouldBeTrue();
        Clock.Advance(TimeSpan.FromSeconds(25));
    }
}
