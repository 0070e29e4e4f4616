using NotificationBus.Model;
using NotificationBus.Providers;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Sending;

public sealed class When_a_command_comes_again : With_scripted_providers
{
    static readonly TimeSpan Lease = TimeSpan.FromSeconds(25);

    [Fact]
    public async Task Should_not_send_what_was_accepted()
    {
        await Send();

        var again = (await Send()).ShouldBeOfType<ChainOutcome.Sent>().Attempt;

        First.Calls.Count.ShouldBe(1);
        (again.Number, again.Provider, again.ProviderMessageId).ShouldBe((1, "first", "their-id"));
    }

    [Fact]
    public async Task Should_not_ask_again_after_a_rejection()
    {
        First.Answers(ScriptedProvider.Rejected);
        await Send();

        (await Send()).ShouldBeOfType<ChainOutcome.Refused>().Reason.ShouldBe("no such mailbox");

        First.Calls.Count.ShouldBe(1);
        Second.Calls.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_hold_again_what_was_held()
    {
        First.Answers(ScriptedProvider.InDoubt);
        var hold = TheCommand with { HoldWhenInDoubt = true };
        await Send(hold);

        (await Send(hold)).ShouldBeOfType<ChainOutcome.Held>().Attempt.Number.ShouldBe(1);

        First.Calls.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Should_go_on_where_the_earlier_worker_stopped()
    {
        var died = await Claim();
        (
            await Ledger.Record(
                died with
                {
                    Status = AttemptStatus.Unavailable,
                    Reason = "too busy",
                },
                suppressedAddress: null,
                CancellationToken.None
            )
        ).ShouldBeTrue();

        (await Send()).ShouldBeOfType<ChainOutcome.Sent>().Attempt.Provider.ShouldBe("second");

        First.Calls.ShouldBeEmpty();
        Attempts.ShouldBe(["1 first Unavailable too busy", "2 second Accepted"]);
    }

    [Fact]
    public async Task Should_keep_away_while_another_worker_may_be_at_it()
    {
        await Claim();
        Clock.Advance(Lease - TimeSpan.FromSeconds(1));

        var later = (await Send()).ShouldBeOfType<ChainOutcome.NotNow>();

        (later.InProgress, later.AtLeast).ShouldBe((true, TimeSpan.FromSeconds(1)));
        First.Calls.ShouldBeEmpty();
        Attempts.ShouldBe(["1 first Started"]);
    }

    [Fact]
    public async Task Should_send_again_and_say_so_when_the_other_worker_died()
    {
        await Claim();
        Clock.Advance(Lease);

        (await Send()).ShouldBeOfType<ChainOutcome.Sent>().Attempt.Number.ShouldBe(2);

        First.Calls.Count.ShouldBe(1);
        Attempts.ShouldBe(["1 first InDoubt the worker died before it recorded an outcome", "2 first Accepted"]);
    }

    [Fact]
    public async Task Should_let_only_one_of_many_workers_send()
    {
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(() => Send())));

        First.Calls.Count.ShouldBe(1);
        outcomes.ShouldContain(outcome => outcome is ChainOutcome.Sent);
        outcomes.ShouldAllBe(outcome => outcome is ChainOutcome.Sent || outcome is ChainOutcome.NotNow);
    }

    [Fact]
    public async Task Should_go_on_sending_after_any_few_workers_died_and_hold_it_when_the_category_says_so()
    {
        for (var died = 0; died < 4; died++)
        {
            await Claim(number: died + 1);
            Clock.Advance(Lease);
            if (died < 3)
                await Ledger.Record(
                    Attempt(died + 1) with
                    {
                        Status = AttemptStatus.InDoubt,
                        Reason = "the worker died before it recorded an outcome",
                    },
                    suppressedAddress: null,
                    CancellationToken.None
                );
        }

        (await Send(TheCommand with { HoldWhenInDoubt = true })).ShouldBeOfType<ChainOutcome.Held>();
        (await Send()).ShouldBeOfType<ChainOutcome.Sent>().Attempt.Number.ShouldBe(5);
    }

    [Fact]
    public async Task Should_ask_another_provider_when_so_many_workers_died_of_it()
    {
        for (var number = 1; number <= 10; number++)
        {
            await Claim(number);
            Clock.Advance(Lease);
            await Ledger.Record(
                Attempt(number) with
                {
                    Status = AttemptStatus.InDoubt,
                    Reason = "the worker died before it recorded an outcome",
                },
                suppressedAddress: null,
                CancellationToken.None
            );
        }

        (await Send()).ShouldBeOfType<ChainOutcome.Sent>().Attempt.Provider.ShouldBe("second");

        First.Calls.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_keep_the_outcome_that_was_recorded_first()
    {
        var claimed = await Claim();
        await Ledger.Record(claimed with { Status = AttemptStatus.Accepted }, suppressedAddress: null, CancellationToken.None);

        (
            await Ledger.Record(claimed with { Status = AttemptStatus.InDoubt }, suppressedAddress: null, CancellationToken.None)
        ).ShouldBeFalse();

        Attempts.ShouldBe(["1 first Accepted"]);
    }

    /// <summary>Another worker claims the call, and is not heard of again.</summary>
    async Task<DeliveryAttempt> Claim(int number = 1)
    {
        var attempt = Attempt(number);
        (await Ledger.Claim(attempt, TheDelivery.Address, TheDelivery.Category, Lease, CancellationToken.None)).Granted.ShouldBeTrue();
        return attempt;
    }

    static DeliveryAttempt Attempt(int number) =>
        new()
        {
            DeliveryId = TheDelivery.Id,
            NotificationId = TheDelivery.NotificationId,
            Number = number,
            Channel = "email",
            Provider = "first",
            Status = AttemptStatus.Started,
        };
}
