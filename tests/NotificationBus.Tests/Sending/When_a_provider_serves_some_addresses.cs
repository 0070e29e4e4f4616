using NotificationBus.Contracts;
using NotificationBus.Providers;
using NotificationBus.Providers.Controls;

namespace NotificationBus.Tests.Sending;

public sealed class When_a_provider_serves_some_addresses : With_scripted_providers
{
    [Fact]
    public async Task Should_ask_only_who_serves_it()
    {
        First.Serving = _ => false;

        (await Send()).ShouldBeOfType<ChainOutcome.Sent>().Attempt.Provider.ShouldBe("second");

        First.Calls.ShouldBeEmpty();
        Attempts.ShouldBe(["1 second Accepted"]);
    }

    [Fact]
    public async Task Should_draw_by_weight_only_among_those()
    {
        First.Serving = _ => false;
        await Set(new ProviderControl { Weight = 100 });
        await Set(new ProviderControl { Weight = 1 }, "second");

        for (var delivery = 0; delivery < 20; delivery++)
            (await Send(Another())).ShouldBeOfType<ChainOutcome.Sent>();

        First.Calls.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_give_up_at_once_when_nobody_does()
    {
        First.Serving = Second.Serving = _ => false;

        var refused = (await Send()).ShouldBeOfType<ChainOutcome.Refused>();

        refused.Reason.ShouldBe("no provider of the channel serves such an address");
        Attempts.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_wait_for_one_that_an_operator_has_taken_out()
    {
        First.Serving = _ => false;
        _ = Board;
        await Controls.ChangeChannel(
            "email",
            _ => new ChannelControl { Order = ["first"] },
            new ChangedBy("ann", "a test"),
            CancellationToken.None
        );
        await Until(() => Board.Current.Channel("email").Order is not null);

        (await Send()).ShouldBeOfType<ChainOutcome.NotNow>().Code.ShouldBe(ReasonCode.ProviderOff);
    }
}
