using NotificationBus.Sending;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Sending;

public sealed class When_a_call_is_in_doubt : With_scripted_providers
{
    static readonly ProviderResult Harmless = new ProviderResult.InDoubt("the line went dead", OnlyThisDelivery: true, RepetitionIsKnown: true);

    [Fact]
    public async Task Should_ask_the_same_provider_once_more()
    {
        First.Answers(ScriptedProvider.InDoubt, ScriptedProvider.Accepted);

        (await Send()).ShouldBeOfType<ChainOutcome.Sent>().Attempt.Provider.ShouldBe("first");

        Attempts.ShouldBe(["1 first InDoubt the line went dead", "2 first Accepted"]);
    }

    [Fact]
    public async Task Should_fall_back_when_it_is_in_doubt_again()
    {
        First.Answers(ScriptedProvider.InDoubt);

        (await Send()).ShouldBeOfType<ChainOutcome.Sent>().Attempt.Provider.ShouldBe("second");

        First.Calls.Count.ShouldBe(2);
        Attempts.Last().ShouldBe("3 second Accepted");
    }

    [Fact]
    public async Task Should_wait_for_later_when_nobody_is_left_and_remember_how_often_it_was()
    {
        First.Answers(ScriptedProvider.InDoubt);
        Second.Answers(ScriptedProvider.Unavailable);

        var later = (await Send()).ShouldBeOfType<ChainOutcome.NotNow>();

        (later.Attempts, later.InDoubt).ShouldBe((3, 2));
    }

    [Fact]
    public async Task Should_hold_it_before_the_recipient_has_it_a_dozen_times()
    {
        await Send(Another());
        First.Answers(ScriptedProvider.InDoubt);
        Second.Answers(ScriptedProvider.Unavailable);

        var outcome = await Send();
        var rounds = 1;
        for (; outcome is ChainOutcome.NotNow later && rounds < 10; rounds++)
            outcome = await Send(TheCommand with { EarlierAttempts = later.Attempts, EarlierInDoubt = later.InDoubt });

        outcome.ShouldBeOfType<ChainOutcome.Held>().Attempt.Number.ShouldBe(7);
        rounds.ShouldBe(3);
        First.Calls.Count(call => call.Id == TheDelivery.Id).ShouldBe(5);
    }

    [Fact]
    public async Task Should_send_it_again_as_often_as_needed_when_the_recipient_knows_a_repetition()
    {
        First.Answers(Harmless);
        Second.Answers(ScriptedProvider.Unavailable);

        var outcome = await Send();
        for (var rounds = 1; rounds < 10; rounds++)
            outcome = await Send(TheCommand with { EarlierAttempts = outcome.ShouldBeOfType<ChainOutcome.NotNow>().Attempts, EarlierInDoubt = ((ChainOutcome.NotNow)outcome).InDoubt });

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

        (await Send()).ShouldBeOfType<ChainOutcome.Refused>().Reason.ShouldContain("it may have been sent: the line went dead");

        Second.Calls.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_be_so_when_a_provider_throws()
    {
        First.Answers((_, call) => call == 1 ? throw new InvalidOperationException("som@example.com") : Task.FromResult(ScriptedProvider.Accepted));

        (await Send()).ShouldBeOfType<ChainOutcome.Sent>();

        Attempts.ShouldBe(["1 first InDoubt the provider failed: InvalidOperationException", "2 first Accepted"]);
    }
}
