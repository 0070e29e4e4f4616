using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Threading.Channels;
using MassTransit;
using NotificationBus.Contracts;

namespace NotificationBus.IntegrationTests;

public sealed class When_a_service_awaits_the_outcome(BusAndDatabase servers)
{
    static readonly TimeSpan Soon = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Should_get_it_as_an_event_on_the_bus()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var host = await HostInProcess.Start(broker, database);
        var outcomes = Channel.CreateUnbounded<object>();
        var bus = Bus.Factory.CreateUsingRabbitMq(rabbit =>
        {
            rabbit.Host(broker);
            rabbit.ReceiveEndpoint(
                "outcomes",
                endpoint =>
                {
                    endpoint.Handler<NotificationDelivered>(context => outcomes.Writer.WriteAsync(context.Message).AsTask());
                    endpoint.Handler<NotificationFailed>(context => outcomes.Writer.WriteAsync(context.Message).AsTask());
                }
            );
        });
        await bus.StartAsync().WaitAsync(Soon);
        try
        {
            await bus.Publish(Order("order-1", new Contact { Id = "seller-1", Email = "som@example.com" }));
            var delivered = (await outcomes.Reader.ReadAsync().AsTask().WaitAsync(Soon)).ShouldBeOfType<NotificationDelivered>();
            (delivered.EventName, delivered.EventId, delivered.RecipientId).ShouldBe(("order-placed", "order-1", "seller-1"));
            delivered.Channels.ShouldBe(["email"]);

            await bus.Publish(Order("order-2", new Contact { Id = "seller-2" }));
            var failed = (await outcomes.Reader.ReadAsync().AsTask().WaitAsync(Soon)).ShouldBeOfType<NotificationFailed>();
            failed.RecipientId.ShouldBe("seller-2");
            failed.Reason.ShouldBe("email: the recipient has no address there; push: the recipient has no address there");
        }
        finally
        {
            await bus.StopAsync();
        }
    }

    [Fact]
    public async Task Should_get_it_in_the_answer_of_the_call_that_waits()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var host = await HostInProcess.Start(broker, database);
        using var call = new HttpRequestMessage(HttpMethod.Post, "/v1/notifications")
        {
            Headers = { { "Prefer", "wait=30" }, { "Idempotency-Key", "call-1" } },
            Content = JsonContent.Create(
                new
                {
                    category = "announcement",
                    recipient = new { id = "buyer-7", pushTokens = new[] { "demo-token" } },
                    data = new { title = "Market day", text = "Stalls open at nine." },
                }
            ),
        };

        using var answer = await host.Client.SendAsync(call);

        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        var notification = await answer.Content.ReadFromJsonAsync<JsonElement>();
        notification.GetProperty("status").GetString().ShouldBe("delivered");
        notification.GetProperty("deliveries")[0].GetProperty("provider").GetString().ShouldBe("sandbox");
    }

    [Fact]
    public async Task Should_find_it_page_by_page()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var host = await HostInProcess.Start(broker, database);
        await using var record = new The_record(database);
        for (var n = 1; n <= 7; n++)
        {
            using var accepted = await host.Client.PostAsJsonAsync(
                "/v1/events/order-placed",
                Order($"order-{n}", new Contact { Id = $"seller-{n % 2}", PushTokens = ["demo-token"] }),
                JsonSerializerOptions.Web
            );
            accepted.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        }

        await record.UntilDelivered(7, Soon);
        var found = new List<string>();
        for (var next = "/v1/notifications?limit=3"; next is not null; )
        {
            var page = await host.Client.GetFromJsonAsync<JsonElement>(next);
            found.AddRange(page.GetProperty("notifications").EnumerateArray().Select(line => line.GetProperty("id").GetString()!));
            next = page.TryGetProperty("next", out var after) ? after.GetString() : null;
        }

        found.Count.ShouldBe(7);
        found.Distinct(StringComparer.Ordinal).Count().ShouldBe(7);
        var ofSeller = await host.Client.GetFromJsonAsync<JsonElement>(
            "/v1/notifications?recipient=seller-1&status=delivered&category=order-placed"
        );
        ofSeller.GetProperty("notifications").GetArrayLength().ShouldBe(4);
    }

    static OrderPlaced Order(string eventId, Contact seller) =>
        new()
        {
            EventId = eventId,
            OrderId = "4711",
            Product = "Blue ceramic bowl",
            Total = new Money(590, "THB"),
            Buyer = new Contact { Id = "buyer-7", Name = "Nok" },
            Seller = seller,
        };
}
