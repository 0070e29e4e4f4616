using NotificationBus.Providers;
using NotificationBus.Providers.Controls;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Sending;

public sealed class When_a_call_is_in_doubt : With_scripted_providers
{
    static readonly ProviderResult Harmless = new ProviderResult.InDoubt(
        "the line went dead",
        OnlyThisDelivery: true,
        RepetitionIsKnown: true
    );

    /// <summary>A10: not five times in a second.</summary>
    [Fact]
    public async Task Should_ask_nobody_again_before_a_while_has_passed()
    {
        First.Answers(ScriptedProvider.InDoubt);

        var later = (await Send()).ShouldBeOfType<ChainOutcome.NotNow>();

        (later.Attempts, later.InDoubt, later.EndedInDoubt, later.MayHaveBeenSent).ShouldBe((1, 1, true, true));
        later.Reason.ShouldBe("nobody knows whether first has it, and it is asked again later: the line went dead");
        (First.Calls.Count, Second.Calls.Count).ShouldBe((1, 0));
    }

    [Fact]
    public async Task Should_ask_the_same_provider_once_more()
    {
        First.Answers(ScriptedProvider.InDoubt, ScriptedProvider.Accepted);

        (await SendUntilSettled()).ShouldBeOfType<ChainOutcome.Sent>().Attempt.Provider.ShouldBe("first");

        Attempts.ShouldBe(["1 first InDoubt the line went dead", "2 first Accepted"]);
    }

    [Fact]
    public async Task Should_fall_back_when_it_is_in_doubt_again()
    {
        First.Answers(ScriptedProvider.InDoubt);

        (await SendUntilSettled()).ShouldBeOfType<ChainOutcome.Sent>().Attempt.Provider.ShouldBe("second");

        First.Calls.Count.ShouldBe(2);
        Attempts.Last().ShouldBe("3 second Accepted");
    }

    [Fact]
    public async Task Should_ask_each_twice_in_turn_while_all_leave_it_in_doubt()
    {
        await HoldCircuitsClosed();
        First.Answers(ScriptedProvider.InDoubt);
        Second.Answers(ScriptedProvider.InDoubt);

        await SendUntilSettled();

        Ledger.AttemptsOf(TheDelivery.NotificationId).Select(attempt => attempt.Provider[0]).ShouldBe("ffssffssff");
    }

    [Fact]
    public async Task Should_ask_the_next_at_once_when_the_one_that_may_have_it_is_certain_that_it_has_not()
    {
        First.Answers(ScriptedProvider.InDoubt, ScriptedProvider.Failing);

        (await SendUntilSettled()).ShouldBeOfType<ChainOutcome.Sent>().Attempt.Number.ShouldBe(3);

        Attempts.ShouldBe(["1 first InDoubt the line went dead", "2 first Unavailable out of order", "3 second Accepted"]);
    }

    /// <summary>A10: the operator's limit, before the recipient has it a dozen times.</summary>
    [Theory]
    [InlineData(null, 10)]
    [InlineData(3, 3)]
    public async Task Should_hold_it_when_it_was_so_as_often_as_operators_allow(int? limit, int times)
    {
        Redelivery.MostInDoubt = limit ?? Redelivery.MostInDoubt;
        await HoldCircuitsClosed();
        First.Answers(ScriptedProvider.InDoubt);
        Second.Answers(ScriptedProvider.InDoubt);

        (await SendUntilSettled()).ShouldBeOfType<ChainOutcome.Held>().Attempt.Number.ShouldBe(times);

        (First.Calls.Count + Second.Calls.Count).ShouldBe(times);
    }

    [Fact]
    public async Task Should_count_anew_when_an_operator_has_decided()
    {
        Redelivery.MostInDoubt = 2;
        await HoldCircuitsClosed();
        First.Answers(ScriptedProvider.InDoubt);
        var held = (await SendUntilSettled()).ShouldBeOfType<ChainOutcome.Held>();

        var decided = TheCommand with { EarlierAttempts = held.Attempts, MayHaveBeenSent = true };

        (await Send(decided)).ShouldBeOfType<ChainOutcome.NotNow>().InDoubt.ShouldBe(1);
        First.Calls.Count.ShouldBe(3);
    }

    /// <summary>A10: whoever comes after a worker that ended between record and pause keeps the pause.</summary>
    [Fact]
    public async Task Should_not_ask_again_at_once_either_when_the_command_comes_again()
    {
        First.Answers(ScriptedProvider.InDoubt);
        await Send();

        (await Send()).ShouldBeOfType<ChainOutcome.NotNow>().EndedInDoubt.ShouldBeTrue();

        First.Calls.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Should_send_it_again_as_often_as_needed_when_the_recipient_knows_a_repetition()
    {
        First.Answers(Harmless);
        Second.Answers(ScriptedProvider.Unavailable);

        var outcome = await Send();
        for (var rounds = 1; rounds < 10; rounds++)
            outcome = await Send(
                TheCommand with
                {
                    EarlierAttempts = outcome.ShouldBeOfType<ChainOutcome.NotNow>().Attempts,
                    EarlierInDoubt = ((ChainOutcome.NotNow)outcome).InDoubt,
                }
            );

        outcome.ShouldBeOfType<ChainOutcome.NotNow>().InDoubt.ShouldBe(0);
        First.Calls.Count.ShouldBe(10, "it speaks against one recipient only");
    }

    [Fact]
    public async Task Should_hold_what_the_recipient_would_know_again_when_the_category_says_so()
    {
        First.Answers(Harmless);

        (await Send(TheCommand with { HoldWhenInDoubt = true })).ShouldBeOfType<ChainOutcome.Held>();

        Attempts.ShouldBe(["1 first InDoubt the line went dead"]);
    }

    [Fact]
    public async Task Should_hold_it_at_once_when_the_category_says_so()
    {
        First.Answers(ScriptedProvider.InDoubt);

        var held = (await Send(TheCommand with { HoldWhenInDoubt = true })).ShouldBeOfType<ChainOutcome.Held>();

        (held.Attempt.Provider, held.Attempt.Reason).ShouldBe(("first", "the line went dead"));
        First.Calls.Count.ShouldBe(1);
        Second.Calls.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_say_that_it_may_have_been_sent_when_the_same_provider_rejects_it_then()
    {
        First.Answers(ScriptedProvider.InDoubt, ScriptedProvider.Rejected);

        (await SendUntilSettled()).ShouldBeOfType<ChainOutcome.Refused>().Reason.ShouldContain("it may have been sent: the line went dead");

        Second.Calls.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_be_so_when_a_provider_throws()
    {
        First.Answers(
            (_, call) => call == 1 ? throw new InvalidOperationException("som@example.com") : Task.FromResult(ScriptedProvider.Accepted)
        );

        (await SendUntilSettled()).ShouldBeOfType<ChainOutcome.Sent>();

        Attempts.ShouldBe(["1 first InDoubt the provider failed: InvalidOperationException", "2 first Accepted"]);
    }

    /// <summary>As often as the command comes again.</summary>
    async Task<ChainOutcome> SendUntilSettled()
    {
        var command = TheCommand;
        while (await Send(command) is var outcome)
        {
            if (outcome is not ChainOutcome.NotNow later)
                return outcome;
            command = Again(command, later);
            command.Redeliveries.ShouldBeLessThan(100);
        }

        throw new InvalidOperationException("no outcome");
    }

    async Task HoldCircuitsClosed()
    {
        await Set(new ProviderControl { Pin = CircuitPin.Closed });
        await Set(new ProviderControl { Pin = CircuitPin.Closed }, "second");
    }
}
