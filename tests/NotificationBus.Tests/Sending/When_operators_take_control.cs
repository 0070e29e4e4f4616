using NotificationBus.Providers;
using NotificationBus.Providers.Controls;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Sending;

public sealed class When_operators_take_control : With_scripted_providers
{
    [Theory]
    [InlineData(ProviderSwitch.Off)]
    [InlineData(ProviderSwitch.Drain)]
    public async Task Should_give_a_provider_that_is_switched_off_nothing_new(ProviderSwitch position)
    {
        await Set(new ProviderControl { Switch = position });

        (await Send()).ShouldBeOfType<ChainOutcome.Sent>().Attempt.Provider.ShouldBe("second");

        First.Calls.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_have_a_draining_provider_end_what_it_may_have_sent()
    {
        First.Answers(ScriptedProvider.InDoubt, ScriptedProvider.Accepted);
        var later = (await Send()).ShouldBeOfType<ChainOutcome.NotNow>();

        await Set(new ProviderControl { Switch = ProviderSwitch.Drain });

        (await Send(Again(TheCommand, later))).ShouldBeOfType<ChainOutcome.Sent>().Attempt.Provider.ShouldBe("first");
    }

    [Fact]
    public async Task Should_put_off_what_nobody_may_send()
    {
        await Set(new ProviderControl { Switch = ProviderSwitch.Off });
        await Set(new ProviderControl { Pin = CircuitPin.Open }, "second");

        var later = (await Send()).ShouldBeOfType<ChainOutcome.NotNow>();

        later.Reason.ShouldBe("no provider is available; first is switched off; the circuit of second is held open");
        (later.Attempts, later.AtLeast).ShouldBe((0, null));
    }

    [Fact]
    public async Task Should_try_the_accounts_in_the_order_that_was_set_and_none_that_was_left_out()
    {
        await Order("second");
        Second.Answers(ScriptedProvider.Unavailable);

        (await Send()).ShouldBeOfType<ChainOutcome.NotNow>();
        First.Calls.ShouldBeEmpty();

        await Order("second", "first");
        (await Send(Another())).ShouldBeOfType<ChainOutcome.Sent>().Attempt.Provider.ShouldBe("first");
    }

    [Fact]
    public async Task Should_share_deliveries_by_weight_and_fall_back_all_the_same()
    {
        await Set(new ProviderControl { Weight = 3 });
        await Set(new ProviderControl { Weight = 1 }, "second");

        for (var i = 0; i < 1000; i++)
            await Send(Another());

        First.Calls.Count.ShouldBeInRange(690, 810);
        Second.Calls.Count.ShouldBe(1000 - First.Calls.Count);

        Second.Answers(ScriptedProvider.Unavailable);
        for (var i = 0; i < 20; i++)
            (await Send(Another())).ShouldBeOfType<ChainOutcome.Sent>();
    }

    [Fact]
    public async Task Should_draw_the_same_provider_for_a_command_that_comes_again()
    {
        await Set(new ProviderControl { Weight = 1 });
        await Set(new ProviderControl { Weight = 1 }, "second");
        First.Answers(ScriptedProvider.Unavailable);
        Second.Answers(ScriptedProvider.Unavailable);

        var delivery = Another();
        for (var i = 0; i < 5; i++)
            await Send(delivery, earlierAttempts: 2 * i);

        Ledger
            .AttemptsOf(delivery.NotificationId)
            .Where(attempt => attempt.Number % 2 == 1)
            .Select(attempt => attempt.Provider)
            .Distinct()
            .Count()
            .ShouldBe(1);
    }

    async Task Order(params string[] accounts)
    {
        await Controls.ChangeChannel(
            "email",
            _ => new ChannelControl { Order = accounts },
            new ChangedBy("ann", "cheaper"),
            CancellationToken.None
        );
        await Until(() => Board.Current.Channel("email").Order?.SequenceEqual(accounts) == true);
    }
}
