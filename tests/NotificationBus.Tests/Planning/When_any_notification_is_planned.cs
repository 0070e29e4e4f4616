using NotificationBus.Model;

namespace NotificationBus.Tests.Planning;

public sealed class When_any_notification_is_planned
{
    static readonly string[] Names = ["fax", "pager", "telex"];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Should_keep_what_every_plan_promises(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 300; round++)
        {
            var mode = random.Next(2) == 0 ? DeliveryMode.AllAtOnce : DeliveryMode.FirstThatWorks;
            var channels = random.GetItems(Names, random.Next(1, 6));
            string[] addresses =
            [
                .. Enumerable
                    .Range(0, random.Next(8))
                    .Select(number => $"{Names[random.Next(3)]}:{number}{(random.Next(3) == 0 ? "!" : "")}"),
            ];
            var situation = $"seed {seed}, round {round}: {mode} {string.Join(',', channels)} to {string.Join(',', addresses)}";

            var plan = PlanOfTheTest.Plan(mode, channels, addresses);

            var reachable = addresses
                .Where(address => !address.EndsWith('!') && channels.Contains(address.Split(':')[0]))
                .Order(StringComparer.Ordinal);
            plan.Deliveries.Select(delivery => delivery.Address).Order(StringComparer.Ordinal).ShouldBe(reachable, situation);
            plan.Deliveries.All(delivery => delivery.Address.StartsWith($"{delivery.Channel}:", StringComparison.Ordinal))
                .ShouldBeTrue(situation);
            plan.Deliveries.DistinctBy(delivery => delivery.Id).Count().ShouldBe(plan.Deliveries.Count, situation);

            var steps = plan.Deliveries.Select(delivery => delivery.Step).ToList();
            steps.ShouldBeInOrder(SortDirection.Ascending, situation);
            steps.Distinct().ShouldBe(Enumerable.Range(1, steps.Distinct().Count()), situation);
            var inOneStep =
                mode == DeliveryMode.AllAtOnce
                    ? plan.Deliveries.Count
                    : plan.Deliveries.GroupBy(delivery => delivery.Channel, StringComparer.Ordinal).Max(channel => (int?)channel.Count())
                        ?? 0;
            (steps.Count == 0 ? 0 : steps.GroupBy(step => step).Max(step => step.Count())).ShouldBe(inOneStep, situation);

            (plan.Refusal is null).ShouldBe(plan.Deliveries.Count > 0, situation);
            plan.Decisions.ShouldNotBeEmpty(situation);
            plan.Decisions.Any(decision => addresses.Any(address => decision.Contains(address, StringComparison.Ordinal)))
                .ShouldBeFalse(situation);
        }
    }
}
