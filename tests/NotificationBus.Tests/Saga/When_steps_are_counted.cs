using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Providers;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Saga;

public sealed class When_steps_are_counted
{
    [Fact]
    public async Task Should_count_an_escalation_and_each_delivery_once()
    {
        var limit = TimeSpan.FromMinutes(5);
        await using var flow = await EmbeddedFlow.Start(
            new()
            {
                Mode = DeliveryMode.FirstThatWorks,
                Dispatchers = 1,
                EscalateAfter = limit,
            }
        );
        using var measured = new Measured(flow.Meters);
        flow.Email.Answers((_, _) => new TaskCompletionSource<ProviderResult>().Task);
        var id = await flow.Tell(An.OrderPlaced());
        await flow.Pulse.Until(() => flow.Email.Calls.Count == 1);

        flow.Clock.Advance(limit);

        await flow.Outcome(id);
        await flow.Pulse.Until(() => measured.Counted.Any(line => line.StartsWith("notifications.ended", StringComparison.Ordinal)));
        measured
            .Counted.Order(StringComparer.Ordinal)
            .ShouldBe([
                "deliveries.settled order-placed push sent",
                "escalations order-placed",
                "notifications.accepted order-placed bus",
                "notifications.ended order-placed delivered",
            ]);
    }

    [Fact]
    public async Task Should_count_no_repetition()
    {
        await using var flow = await EmbeddedFlow.Start(new() { SendsHere = true });
        using var measured = new Measured(flow.Meters);
        var happened = An.OrderPlaced(eventId: "once");
        var id = await flow.Tell(happened);
        await flow.Outcome(id);
        await flow.Pulse.Until(() => measured.Counted.Any(line => line.StartsWith("notifications.ended", StringComparison.Ordinal)));
        var sent = flow.Find(id)!.Deliveries[0];

        await flow.Handle(happened);
        await flow.Handle(
            new DeliverySent
            {
                NotificationId = id,
                DeliveryId = sent.Id,
                Provider = "scripted",
            }
        );

        measured
            .Counted.Order(StringComparer.Ordinal)
            .ShouldBe([
                "deliveries.settled order-placed email sent",
                "deliveries.settled order-placed push sent",
                "notifications.accepted order-placed bus",
                "notifications.ended order-placed delivered",
            ]);
    }
}
