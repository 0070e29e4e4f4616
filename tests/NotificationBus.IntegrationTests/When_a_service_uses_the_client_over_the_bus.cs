using MassTransit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NotificationBus.Client;
using NotificationBus.Contracts;

namespace NotificationBus.IntegrationTests;

/// <summary>18.3: what a .NET team with a bus of its own writes, on a real broker.</summary>
public sealed class When_a_service_uses_the_client_over_the_bus(BusAndDatabase servers)
{
    static readonly TimeSpan Soon = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Should_tell_the_recipient()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var host = await HostInProcess.Start(broker, database);
        await using var record = new The_record(database);
        using var service = await Service(broker);
        var notifications = service.Services.GetRequiredService<INotifications>();

        await notifications.Send(Order("order-1"), TestContext.Current.CancellationToken);
        await notifications.Send(Order("order-1"), TestContext.Current.CancellationToken);
        await notifications.Send(Order(eventId: null), TestContext.Current.CancellationToken);

        await record.UntilDelivered(2, Soon);
        (await record.Scalar<long>("SELECT count(*) FROM notification")).ShouldBe(2);
        await service.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Should_say_that_no_queue_takes_it()
    {
        using var service = await Service(await servers.CreateVirtualHost());

        var refusal = await Should.ThrowAsync<NotificationRefusedException>(
            service.Services.GetRequiredService<INotifications>().Send(Order("order-1"), TestContext.Current.CancellationToken)
        );

        refusal.Message.ShouldContain("no queue takes OrderPlaced");
        await service.StopAsync(TestContext.Current.CancellationToken);
    }

    static async Task<IHost> Service(Uri broker)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(settings: null);
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(
            new Dictionary<string, string?>(StringComparer.Ordinal) { ["NotificationBus:Patience"] = "00:01:00" }
        );
        builder.Services.AddMassTransit(bus =>
        {
            bus.DisableUsageTelemetry();
            bus.UsingRabbitMq((_, transport) => transport.Host(broker));
        });
        builder.Services.AddNotificationBusOverBus();
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }

    static OrderPlaced Order(string? eventId) =>
        new()
        {
            EventId = eventId,
            OrderId = "4711",
            Product = "Blue ceramic bowl",
            Total = new Money(590, "THB"),
            Buyer = new Contact { Id = "buyer-7" },
            Seller = new Contact { Id = "seller-42", Email = "som@example.com" },
        };
}
