using NotificationBus.Contracts;
using NotificationBus.Providers;
using NotificationBus.Providers.Controls;
using NotificationBus.Providers.Routing;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Sending;

public sealed class When_a_delivery_takes_a_route : With_scripted_providers
{
    [Theory]
    // The country: as the event says it, or as the locale does.
    [InlineData("TH", null, "second")]
    [InlineData("th", null, "second")]
    [InlineData(null, "th-TH", "second")]
    [InlineData(null, "zh-Hant-SG", "second")]
    [InlineData("DE", "th-TH", "first")]
    [InlineData(null, "th", "first")]
    [InlineData(null, "en-x-th", "first")]
    [InlineData(null, null, "first")]
    public async Task Should_be_chosen_by_country(string? country, string? locale, string provider)
    {
        Routes = [Route(new RouteCondition { Countries = ["TH", "sg"] }, "second")];

        (await Sent(TheCommand with { Country = country, Locale = locale })).ShouldBe(provider);
    }

    [Fact]
    public async Task Should_be_chosen_by_category_and_lane()
    {
        Routes = [Route(new RouteCondition { Categories = ["announcement"], Lane = Lane.Bulk }, "second")];

        (await Sent(TheCommand with { Category = "announcement", Lane = Lane.Bulk })).ShouldBe("second");
        (await Sent(TheCommand with { Category = "announcement" })).ShouldBe("first");
        (await Sent(TheCommand with { Lane = Lane.Bulk })).ShouldBe("first");
    }

    [Fact]
    public async Task Should_be_the_first_that_fits()
    {
        Routes =
        [
            Route(new RouteCondition { Countries = ["TH"] }, "second", "first"),
            Route(new RouteCondition { Categories = ["order-placed"] }, "first"),
        ];

        (await Sent(TheCommand with { Country = "TH" })).ShouldBe("second");
        (await Sent(TheCommand)).ShouldBe("first");
    }

    [Fact]
    public async Task Should_leave_out_who_is_not_in_it()
    {
        Routes = [Route(new RouteCondition { Countries = ["TH"] }, "second")];
        Second.Answers(ScriptedProvider.Unavailable);

        (await Send(TheCommand with { Country = "TH" })).ShouldBeOfType<ChainOutcome.NotNow>();

        First.Calls.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_give_up_at_once_when_nobody_in_it_serves_the_address()
    {
        Routes = [Route(new RouteCondition { Countries = ["TH"] }, "second")];
        Second.Serving = _ => false;

        (await Send(TheCommand with { Country = "TH" })).ShouldBeOfType<ChainOutcome.Refused>();
    }

    [Fact]
    public async Task Should_draw_by_weight_only_in_it()
    {
        Routes = [Route(new RouteCondition { Countries = ["TH"] }, "second")];
        await Set(new ProviderControl { Weight = 100 });

        for (var delivery = 0; delivery < 20; delivery++)
            (await Sent(TheCommand with { Country = "TH" })).ShouldBe("second");
    }

    [Fact]
    public async Task Should_fall_back_in_it_from_one_that_is_switched_off()
    {
        Routes = [Route(new RouteCondition { Countries = ["TH"] }, "second", "first")];
        await Set(new ProviderControl { Switch = ProviderSwitch.Off }, "second");

        (await Sent(TheCommand with { Country = "TH" })).ShouldBe("first");
    }

    [Fact]
    public async Task Should_be_put_in_another_order_by_operators_and_never_widened()
    {
        Routes =
        [
            Route(new RouteCondition { Countries = ["TH"] }, "second"),
            Route(new RouteCondition { Countries = ["SG"] }, "second", "first"),
        ];
        _ = Board;
        await Controls.ChangeChannel(
            "email",
            _ => new ChannelControl { Order = ["first", "second"] },
            new ChangedBy("ann", "cheaper"),
            CancellationToken.None
        );
        await Until(() => Board.Current.Channel("email").Order is not null);

        (await Sent(TheCommand with { Country = "TH" })).ShouldBe("second");
        (await Sent(TheCommand with { Country = "SG" })).ShouldBe("first");

        await Controls.ChangeChannel(
            "email",
            _ => new ChannelControl { Order = ["first"] },
            new ChangedBy("ann", "they are down"),
            CancellationToken.None
        );
        await Until(() => Board.Current.Channel("email").Order is ["first"]);

        // Waits for it to come back: who is not in the route may not be allowed to send there.
        var another = Another();
        (await Send(another, CommandFor(another) with { Country = "TH" })).ShouldBeOfType<ChainOutcome.NotNow>();
    }

    [Fact]
    public async Task Should_be_the_same_when_the_command_comes_again()
    {
        Routes = [Route(new RouteCondition { Countries = ["TH"] }, "second", "first")];
        var command = TheCommand with { Country = "TH" };

        (await Send(command)).ShouldBeOfType<ChainOutcome.Sent>().Attempt.Provider.ShouldBe("second");
        (await Send(command)).ShouldBeOfType<ChainOutcome.Sent>().Attempt.Provider.ShouldBe("second");

        (First.Calls.Count, Second.Calls.Count).ShouldBe((0, 1));
    }

    async Task<string> Sent(SendDelivery command)
    {
        var delivery = Another();
        return (await Send(delivery, command with { NotificationId = delivery.NotificationId, DeliveryId = delivery.Id }))
            .ShouldBeOfType<ChainOutcome.Sent>()
            .Attempt.Provider;
    }

    static ChannelRoute Route(RouteCondition when, params string[] providers) => new() { When = when, Providers = providers };
}
