using NotificationBus.Sending;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Sending;

public sealed class When_a_call_is_in_doubt : With_scripted_providers
{
    [Fact]
    public async Task Should_ask_the_same_provider_once_more()
    {
        First.Answers(ScriptedProvider.InDoubt, ScriptedProvider.Accepted);

        var attempt = await Send();

        (attempt.Status, attempt.Provider).ShouldBe((AttemptStatus.Accepted, "first"));
        Attempts.ShouldBe(["1 first InDoubt the line went dead", "2 first Accepted"]);
    }

    [Fact]
    public async Task Should_stop_when_it_is_in_doubt_again()
    {
        First.Answers(ScriptedProvider.InDoubt);

        var attempt = await Send();

        attempt.Status.ShouldBe(AttemptStatus.InDoubt);
        First.Calls.Count.ShouldBe(2);
        Second.Calls.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_never_ask_another_provider_even_when_the_same_one_is_unavailable_then()
    {
        First.Answers(ScriptedProvider.InDoubt, ScriptedProvider.Unavailable);

        var attempt = await Send();

        Second.Calls.ShouldBeEmpty();
        attempt.Status.ShouldBe(AttemptStatus.InDoubt);
        Attempts.ShouldBe(["1 first InDoubt the line went dead", "2 first Unavailable too busy"]);
    }

    [Fact]
    public async Task Should_stay_in_doubt_when_the_same_provider_rejects_it_then()
    {
        First.Answers(ScriptedProvider.InDoubt, ScriptedProvider.Rejected);

        (await Send()).Status.ShouldBe(AttemptStatus.InDoubt);
        First.Calls.Count.ShouldBe(2);
        Second.Calls.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_be_so_when_a_provider_throws()
    {
        First.Answers((_, call) => call == 1 ? throw new InvalidOperationException("som@example.com") : Task.FromResult(ScriptedProvider.Accepted));

        (await Send()).Status.ShouldBe(AttemptStatus.Accepted);

        Attempts.ShouldBe(["1 first InDoubt the provider failed: InvalidOperationException", "2 first Accepted"]);
    }
}
