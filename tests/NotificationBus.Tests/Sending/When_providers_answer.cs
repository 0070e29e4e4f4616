using NotificationBus.Sending;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Sending;

public sealed class When_providers_answer : With_scripted_providers
{
    [Fact]
    public async Task Should_be_content_when_the_first_accepts()
    {
        var attempt = await Send();

        attempt.Status.ShouldBe(AttemptStatus.Accepted);
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

        var attempt = await Send();

        (attempt.Status, attempt.Reason).ShouldBe((AttemptStatus.Rejected, "no such mailbox"));
        Second.Calls.ShouldBeEmpty();
        Attempts.ShouldBe(["1 first Rejected no such mailbox"]);
    }

    [Fact]
    public async Task Should_fall_back_to_the_next_when_one_is_unavailable()
    {
        First.Answers(ScriptedProvider.Unavailable);

        var attempt = await Send();

        (attempt.Status, attempt.Provider, attempt.Number).ShouldBe((AttemptStatus.Accepted, "second", 2));
        First.Calls.Count.ShouldBe(1);
        Attempts.ShouldBe(["1 first Unavailable too busy", "2 second Accepted"]);
    }

    [Fact]
    public async Task Should_report_the_last_one_when_all_are_unavailable()
    {
        First.Answers(ScriptedProvider.Unavailable);
        Second.Answers(new ProviderResult.Unavailable("closed"));

        var attempt = await Send();

        (attempt.Status, attempt.Provider, attempt.Reason).ShouldBe((AttemptStatus.Unavailable, "second", "closed"));
        Attempts.ShouldBe(["1 first Unavailable too busy", "2 second Unavailable closed"]);
    }

    [Fact]
    public async Task Should_write_down_when_a_call_began_and_ended()
    {
        var began = Clock.GetUtcNow();
        First.Answers((_, _) =>
        {
            Clock.Advance(TimeSpan.FromSeconds(3));
            return Task.FromResult(ScriptedProvider.Accepted);
        });

        await Send();

        var attempt = Ledger.AttemptsOf(TheDelivery.NotificationId).ShouldHaveSingleItem();
        attempt.StartedAt.ShouldBe(began);
        attempt.FinishedAt.ShouldBe(began + TimeSpan.FromSeconds(3));
        attempt.LeaseUntil.ShouldBeGreaterThan(began + First.LongestCall);
    }
}
