using MassTransit;
using MassTransit.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using NotificationBus.Client;
using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Testing;

namespace NotificationBus.Tests.Client;

/// <summary>18.3: a producer's own test, without servers.</summary>
public sealed class When_a_producer_tests_with_the_harness
{
    static readonly OrderPlaced Order = new()
    {
        OrderId = "4711",
        Product = "Blue ceramic bowl",
        Total = new Money(590, "THB"),
        Buyer = new Contact { Id = "buyer-7", Name = "Nok" },
        Seller = new Contact { Id = "seller-42", Email = "som@example.com" },
    };

    [Fact]
    public async Task Should_find_what_the_recipient_is_told()
    {
        await using var services = new ServiceCollection()
            .AddMassTransitTestHarness(bus => bus.AddNotificationBus())
            .BuildServiceProvider(validateScopes: true);
        var harness = await services.StartTestHarness();

        await harness.Bus.Publish(Order, TestContext.Current.CancellationToken);

        var delivery = (
            await harness.Deliveries("seller-42", cancellationToken: TestContext.Current.CancellationToken)
        ).ShouldHaveSingleItem();
        delivery.Email.Subject.ShouldContain("4711");
        (delivery.Channel, delivery.Address, delivery.Category).ShouldBe(("email", "som@example.com", "order-placed"));
        Should.Throw<InvalidOperationException>(() => delivery.Push).Message.ShouldContain("by email");
    }

    [Fact]
    public async Task Should_wait_for_each_notification_that_is_expected()
    {
        const int Orders = 20;
        await using var services = new ServiceCollection()
            .AddMassTransitTestHarness(bus => bus.AddNotificationBus())
            .BuildServiceProvider(validateScopes: true);
        var harness = await services.StartTestHarness();

        for (var number = 0; number < Orders; number++)
            await harness.Bus.Publish(Order with { EventId = $"order-{number}" }, TestContext.Current.CancellationToken);

        (await harness.Deliveries("seller-42", Orders, TestContext.Current.CancellationToken)).Count.ShouldBe(Orders);
        (await harness.Deliveries("seller-43", notifications: 0, TestContext.Current.CancellationToken)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_find_nothing_for_somebody_else_when_the_time_is_over()
    {
        await using var services = new ServiceCollection()
            .AddMassTransitTestHarness(bus =>
            {
                bus.AddNotificationBus();
                bus.SetTestTimeouts(testTimeout: TimeSpan.FromSeconds(3));
            })
            .BuildServiceProvider(validateScopes: true);
        var harness = await services.StartTestHarness();
        await harness.Bus.Publish(Order, TestContext.Current.CancellationToken);

        (await harness.Deliveries("seller-43", cancellationToken: TestContext.Current.CancellationToken)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_test_a_service_with_consumers_of_its_own_that_uses_the_client()
    {
        await using var services = new ServiceCollection()
            .AddNotificationBusOverBus()
            .AddMassTransitTestHarness(bus =>
            {
                bus.AddConsumer<Checkout>();
                bus.AddNotificationBus(flow => flow.EventTypes["order-placed"] = new() { Channels = ["push"] });
            })
            .BuildServiceProvider(validateScopes: true);
        var harness = await services.StartTestHarness();

        await harness.Bus.Publish(new Bought("4712"), TestContext.Current.CancellationToken);

        (await harness.Deliveries("seller-42", cancellationToken: TestContext.Current.CancellationToken))
            .ShouldHaveSingleItem()
            .Push.Body.ShouldContain("Blue ceramic bowl");
    }

    /// <summary>The provider disposes of what they wait with before the harness stops them.</summary>
    [Fact]
    public async Task Should_end_whatever_runs_when_it_is_disposed_of_without_being_stopped()
    {
        List<BackgroundService> running;
        await using (
            var services = new ServiceCollection()
                .AddMassTransitTestHarness(bus => bus.AddNotificationBus())
                .BuildServiceProvider(validateScopes: true)
        )
        {
            var harness = await services.StartTestHarness();
            await harness.Bus.Publish(Order, TestContext.Current.CancellationToken);
            (await harness.Deliveries("seller-42", cancellationToken: TestContext.Current.CancellationToken)).ShouldHaveSingleItem();
            running = [.. services.GetServices<IHostedService>().OfType<BackgroundService>()];
        }

        running.Count.ShouldBeGreaterThan(5);
        running.ShouldAllBe(service => service.ExecuteTask!.IsCompleted);
    }

    [Fact]
    public void Should_use_the_channels_that_the_host_ships()
    {
        var shipped = new ConfigurationBuilder()
            .AddJsonFile(Path.Combine(The_dependency_rule.Root(), "src", "NotificationBus.Host", "appsettings.json"))
            .Build()
            .GetSection("EventTypes")
            .Get<Dictionary<string, EventTypeOptions>>()
            .ShouldNotBeNull();

        Words(new TestFlowOptions().EventTypes).ShouldBe(Words(shipped));

        static IEnumerable<string> Words(IDictionary<string, EventTypeOptions> types) =>
            types.Select(type => $"{type.Key}: {type.Value.Mode} {string.Join(", ", type.Value.Channels)}").Order(StringComparer.Ordinal);
    }

    public sealed record Bought(string Number);

    public sealed class Checkout(INotifications notifications) : IConsumer<Bought>
    {
        public Task Consume(ConsumeContext<Bought> context) =>
            notifications.Send(
                Order with
                {
                    EventId = $"order-placed-{context.Message.Number}",
                    OrderId = context.Message.Number,
                    Seller = new Contact { Id = "seller-42", PushTokens = ["phone"] },
                },
                context.CancellationToken
            );
    }
}
