using NotificationBus.Contracts;
using NotificationBus.Tests.TestKit;
using static NotificationBus.Tests.Host.HostWithServices;

namespace NotificationBus.Tests.Host;

public sealed class When_operators_pause_a_channel(HostWithServices services) : IClassFixture<HostWithServices>
{
    const string Mailbox = "som@example.com";

    [Fact]
    public async Task Should_have_its_deliveries_wait_and_come_when_it_is_resumed()
    {
        var pulse = new Pulse();
        var wire = new Wire(pulse);
        using var watched = services.Host.Bus.ConnectReceiveObserver(wire);
        await services.SetEmail("""{"paused":true}""");

        var email = await services.PlaceOrder(Mailbox);
        var push = (await services.Host.Post("/v1/events/order-shipped", Occurrence.ByName["order-shipped"])).Self;

        Text(await services.Host.Outcome(push), "status").ShouldBe("delivered", "the other channel is not paused");
        // The worker has dealt with the command: it will not look at it again by itself for minutes.
        await pulse.Until(() => wire.Handled.Count(message => message.Type == nameof(OrderPlaced)) == 1);
        Text((await services.Host.Get(email)).Json, "status").ShouldBe("sending");
        CallsFor(Mailbox, services.Gateway).ShouldBe(0);

        await services.SetEmail("{}");

        Text(await services.Host.Outcome(email), "status").ShouldBe("delivered");
        CallsFor(Mailbox, services.Gateway).ShouldBe(1);
    }
}
