using NotificationBus.Providers;
using NotificationBus.Sending;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Sending;

public sealed class When_providers_answer : With_scripted_providers
{
    [Fact]
    public async Task Should_be_content_when_the_first_accepts()
    {
        var attempt = (await Send()).ShouldBeOfType<ChainOutcome.Sent>().Attempt;

        attempt.Provider.ShouldBe("first");
        attempt.ProviderMessageId.ShouldBe("their-id");
        First.Calls.ShouldHaveSingleItem().ShouldBe(TheDelivery);
        Second.Calls.ShouldBeEmpty();
        Attempts.ShouldBe(["1 first Accepted"]);
    }

    [Fact]
    public async Task Should_ask_nobody_else_after_a_rejection()
    {
        First.Answers(ScriptedProvider.Rejected);

        (await Send()).ShouldBeOfType<ChainOutcome.Refused>().Reason.ShouldBe("no such mailbox");

        Second.Calls.ShouldBeEmpty();
        Attempts.ShouldBe(["1 first Rejected no such mailbox"]);
    }

    /// <summary>C: a refusal of form at one vendor is not the last word of the next.</summary>
    [Fact]
    public async Task Should_ask_the_next_when_one_does_not_take_it_in_this_form()
    {
        First.Answers(ScriptedProvider.Declined);

        (await Send()).ShouldBeOfType<ChainOutcome.Sent>().Attempt.Provider.ShouldBe("second");

        Attempts.ShouldBe(["1 first Declined too long for us", "2 second Accepted"]);
    }

    /// <summary>C: what nobody takes in this form is refused, with what each of them said.</summary>
    [Fact]
    public async Task Should_refuse_what_nobody_takes_in_this_form()
    {
        First.Answers(ScriptedProvider.Declined);
        Second.Answers(new ProviderResult.Declined("not to our taste"));

        var refused = (await Send()).ShouldBeOfType<ChainOutcome.Refused>();

        (refused.Provider, refused.Reason, refused.Attempts).ShouldBe(("second", "too long for us; not to our taste", 2));
        (First.Calls.Count, Second.Calls.Count).ShouldBe((1, 1));
    }

    /// <summary>C: who is out of order may take later what the other one declines.</summary>
    [Fact]
    public async Task Should_wait_for_who_has_not_declined_it()
    {
        First.Answers(ScriptedProvider.Unavailable);
        Second.Answers(ScriptedProvider.Declined);

        (await Send()).ShouldBeOfType<ChainOutcome.NotNow>().Attempts.ShouldBe(2);
    }

    /// <summary>C: a worker that died after one has declined it leaves the rest to the next worker.</summary>
    [Fact]
    public async Task Should_go_on_after_a_decline_that_another_worker_has_seen()
    {
        First.Answers(ScriptedProvider.Declined);
        Second.Answers(
            (_, call) => call == 1 ? throw new InvalidOperationException("the worker dies") : Task.FromResult(ScriptedProvider.Accepted)
        );
        var later = (await Send()).ShouldBeOfType<ChainOutcome.NotNow>();

        (await Send(Again(TheCommand, later))).ShouldBeOfType<ChainOutcome.Sent>().Attempt.Provider.ShouldBe("second");

        First.Calls.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Should_fall_back_to_the_next_when_one_is_unavailable()
    {
        First.Answers(ScriptedProvider.Unavailable);

        var attempt = (await Send()).ShouldBeOfType<ChainOutcome.Sent>().Attempt;

        (attempt.Provider, attempt.Number).ShouldBe(("second", 2));
        First.Calls.Count.ShouldBe(1);
        Attempts.ShouldBe(["1 first Unavailable too busy", "2 second Accepted"]);
    }

    [Fact]
    public async Task Should_report_the_last_one_when_all_are_unavailable()
    {
        First.Answers(ScriptedProvider.Unavailable);
        Second.Answers(new ProviderResult.Unavailable("closed", OnlyThisDelivery: true));

        var later = (await Send()).ShouldBeOfType<ChainOutcome.NotNow>();

        (later.Provider, later.Reason, later.Attempts).ShouldBe(("second", "no provider is available, the last one said: closed", 2));
        Attempts.ShouldBe(["1 first Unavailable too busy", "2 second Unavailable closed"]);
    }

    [Fact]
    public async Task Should_try_the_last_one_there_is_a_few_times()
    {
        First.Answers(ScriptedProvider.Unavailable);
        Second.Answers(ScriptedProvider.Failing, ScriptedProvider.Failing, ScriptedProvider.Accepted);

        (await Send()).ShouldBeOfType<ChainOutcome.Sent>().Attempt.Number.ShouldBe(4);

        Attempts.ShouldBe([
            "1 first Unavailable too busy",
            "2 second Unavailable out of order",
            "3 second Unavailable out of order",
            "4 second Accepted",
        ]);
    }

    [Fact]
    public async Task Should_try_the_last_one_no_more_than_three_times()
    {
        First.Answers(ScriptedProvider.Failing);
        Second.Answers(ScriptedProvider.Failing);

        (await Send()).ShouldBeOfType<ChainOutcome.NotNow>();

        (First.Calls.Count, Second.Calls.Count).ShouldBe((1, 3));
    }

    [Fact]
    public async Task Should_not_try_the_last_one_again_at_once_when_it_asks_to_be_left_alone()
    {
        First.Answers(ScriptedProvider.Failing);
        Second.Answers(new ProviderResult.Unavailable("maintenance", RetryAfter: TimeSpan.FromMinutes(5)));

        (await Send()).ShouldBeOfType<ChainOutcome.NotNow>().AtLeast.ShouldBeNull("the first may do before");

        (First.Calls.Count, Second.Calls.Count).ShouldBe((1, 1));
    }

    [Fact]
    public async Task Should_suppress_an_address_that_is_wrong_and_never_use_it_again_however_it_is_written()
    {
        First.Answers(new ProviderResult.Rejected("no such mailbox", AddressIsWrong: true));
        await Send();

        var again = await Send(Another() with { Address = "Som@Example.COM" });

        again.ShouldBeOfType<ChainOutcome.Refused>().Reason.ShouldBe("the address is suppressed: no such mailbox");
        First.Calls.Count.ShouldBe(1);
        var suppression = (
            await Ledger.List(new SuppressionFilter(Channel: null, Address: null, Category: null, Limit: 10), CancellationToken.None)
        ).ShouldHaveSingleItem();
        (suppression.Address, suppression.Source).ShouldBe(("som@example.com", "first"));
    }

    [Fact]
    public async Task Should_not_suppress_an_address_because_of_the_content()
    {
        First.Answers(ScriptedProvider.Rejected, ScriptedProvider.Accepted);
        await Send();

        (await Send(Another())).ShouldBeOfType<ChainOutcome.Sent>();
    }

    [Fact]
    public async Task Should_write_down_when_a_call_began_and_ended()
    {
        var began = Clock.GetUtcNow();
        First.Answers(
            (_, _) =>
            {
                Clock.Advance(TimeSpan.FromSeconds(3));
                return Task.FromResult(ScriptedProvider.Accepted);
            }
        );

        await Send();

        var attempt = Ledger.AttemptsOf(TheDelivery.NotificationId).ShouldHaveSingleItem();
        attempt.StartedAt.ShouldBe(began);
        attempt.FinishedAt.ShouldBe(began + TimeSpan.FromSeconds(3));
        attempt.LeaseUntil.ShouldBeGreaterThan(began + First.LongestCall);
    }
}
