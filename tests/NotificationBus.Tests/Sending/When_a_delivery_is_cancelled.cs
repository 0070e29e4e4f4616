using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Providers;
using NotificationBus.Providers.Controls;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Sending;

public sealed class When_a_delivery_is_cancelled : With_scripted_providers
{
    static readonly TimeSpan Lease = TimeSpan.FromSeconds(25);

    static readonly ProviderResult Repeatable = new ProviderResult.InDoubt("the line went dead", RepetitionIsKnown: true);

    [Fact]
    public async Task Should_call_nobody()
    {
        await Cancel();

        (await Send()).ShouldBeOfType<ChainOutcome.Cancelled>().Cancellation.Reason.ShouldBe("cancelled by ann: sold");

        First.Calls.ShouldBeEmpty();
        Second.Calls.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_call_nobody_after_it_was_put_off()
    {
        First.Answers(ScriptedProvider.Unavailable);
        Second.Answers(ScriptedProvider.Unavailable);
        var later = (await Send()).ShouldBeOfType<ChainOutcome.NotNow>();
        await Cancel();

        (await Send(TheCommand with { EarlierAttempts = later.Attempts }))
            .ShouldBeOfType<ChainOutcome.Cancelled>()
            .Cancellation.Number.ShouldBe(later.Attempts + 1);

        (First.Calls.Count, Second.Calls.Count).ShouldBe((1, 1));
    }

    [Fact]
    public async Task Should_say_that_it_was_sent_when_a_call_under_way_sends_it()
    {
        First.Answers(Cancelling(ScriptedProvider.Accepted));

        (await Send()).ShouldBeOfType<ChainOutcome.Sent>();
        (await Send()).ShouldBeOfType<ChainOutcome.Sent>();

        Attempts.ShouldBe(["1 first Accepted", "2  Cancelled cancelled by ann: sold"]);
        First.Calls.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Should_not_fall_back_when_a_call_under_way_does_not_send_it()
    {
        First.Answers(Cancelling(ScriptedProvider.Unavailable));

        (await Send()).ShouldBeOfType<ChainOutcome.Cancelled>();

        First.Calls.Count.ShouldBe(1);
        Second.Calls.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_not_wait_for_later_when_the_last_call_there_is_does_not_send_it()
    {
        First.Answers(ScriptedProvider.Unavailable);
        Second.Answers(Cancelling(new ProviderResult.Throttled("slowly", TimeSpan.FromHours(1))));

        (await Send()).ShouldBeOfType<ChainOutcome.Cancelled>();

        (First.Calls.Count, Second.Calls.Count).ShouldBe((1, 1));
    }

    [Fact]
    public async Task Should_say_that_it_was_refused_when_a_call_under_way_finds_the_address_wrong()
    {
        First.Answers(Cancelling(ScriptedProvider.Rejected));

        (await Send()).ShouldBeOfType<ChainOutcome.Refused>();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Should_hold_it_when_a_call_under_way_may_have_sent_it(bool repetitionIsKnown)
    {
        First.Answers(Cancelling(repetitionIsKnown ? Repeatable : ScriptedProvider.InDoubt));

        var held = (await Send()).ShouldBeOfType<ChainOutcome.Held>();

        (held.Attempt.Provider, held.Attempt.Reason, held.Attempts).ShouldBe(("first", "the line went dead", 1));
        First.Calls.Count.ShouldBe(1, "nothing is sent again, though the category says so");
        Second.Calls.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Should_hold_it_when_any_call_before_may_have_sent_it(bool repetitionIsKnown)
    {
        First.Answers(repetitionIsKnown ? Repeatable : ScriptedProvider.InDoubt);
        Second.Answers(ScriptedProvider.Unavailable);
        var later = (await Send()).ShouldBeOfType<ChainOutcome.NotNow>();
        await Cancel();

        var held = (
            await Send(TheCommand with { EarlierAttempts = later.Attempts, EarlierInDoubt = later.InDoubt })
        ).ShouldBeOfType<ChainOutcome.Held>();

        (held.Attempt.Provider, held.Attempts).ShouldBe(("first", later.Attempts));
    }

    [Fact]
    public async Task Should_call_nobody_when_a_command_comes_after_it_was_held()
    {
        First.Answers(Cancelling(ScriptedProvider.InDoubt));
        var held = (await Send()).ShouldBeOfType<ChainOutcome.Held>();
        First.Answers(ScriptedProvider.Accepted);

        (await Send(TheCommand with { EarlierAttempts = held.Attempts, Reopened = 1 })).ShouldBeOfType<ChainOutcome.Held>();

        First.Calls.Count.ShouldBe(1);
        Second.Calls.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_not_wait_for_a_turn_when_a_call_before_did_not_send_it()
    {
        First.Answers(Cancelling(ScriptedProvider.Unavailable));
        await Set(new ProviderControl { PerSecond = 0.01 }, "second");
        await Controls.Reserve("second", 0.01, Lane.Transactional);

        (await Send()).ShouldBeOfType<ChainOutcome.Cancelled>();

        Second.Calls.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_be_held_and_not_wait_for_providers_that_are_switched_off_when_the_worker_that_called_died()
    {
        await Ledger.Claim(Call(1), TheDelivery.Address, TheDelivery.Category, Lease, CancellationToken.None);
        await Cancel();
        await Set(new ProviderControl { Switch = ProviderSwitch.Off });
        await Set(new ProviderControl { Switch = ProviderSwitch.Off }, "second");

        (await Send()).ShouldBeOfType<ChainOutcome.NotNow>("it may still be at it");
        Clock.Advance(Lease);
        (await Send()).ShouldBeOfType<ChainOutcome.Held>();
    }

    [Fact]
    public async Task Should_keep_away_while_another_worker_may_be_at_it_and_hold_it_when_that_one_died()
    {
        await Ledger.Claim(Call(1), TheDelivery.Address, TheDelivery.Category, Lease, CancellationToken.None);
        await Cancel();

        (await Send()).ShouldBeOfType<ChainOutcome.NotNow>().InProgress.ShouldBeTrue();
        Clock.Advance(Lease);
        (await Send()).ShouldBeOfType<ChainOutcome.Held>().Attempt.Reason.ShouldBe("the worker died before it recorded an outcome");

        First.Calls.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_be_cancelled_or_sent_and_never_both_however_close_it_is()
    {
        var (cancelled, sent) = (0, 0);
        for (var race = 0; race < 1000; race++)
        {
            var delivery = Another();
            var sending = Task.Run(() => Send(delivery));
            var attempts = await Task.Run(() =>
                Ledger.Cancel(delivery.NotificationId, delivery.Id, "email", "sold", CancellationToken.None)
            );

            var outcome = await sending;
            var calls = First.Calls.Count(call => call.Id == delivery.Id);
            (outcome is ChainOutcome.Sent ? 1 : 0).ShouldBe(calls);
            if (attempts is [{ Status: AttemptStatus.Cancelled }])
                outcome.ShouldBeOfType<ChainOutcome.Cancelled>();
            else
                outcome.ShouldBeOfType<ChainOutcome.Sent>();
            _ = outcome is ChainOutcome.Sent ? sent++ : cancelled++;
        }

        (cancelled + sent).ShouldBe(1000);
    }

    Task<IReadOnlyList<DeliveryAttempt>> Cancel() =>
        Ledger.Cancel(TheDelivery.NotificationId, TheDelivery.Id, "email", "cancelled by ann: sold", CancellationToken.None);

    /// <summary>Answers so, but somebody is faster, and cancels.</summary>
    Func<Delivery, int, Task<ProviderResult>> Cancelling(ProviderResult result) =>
        async (_, _) =>
        {
            await Cancel();
            return result;
        };

    static DeliveryAttempt Call(int number) =>
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
