using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using MassTransit;
using NotificationBus.Contracts;
using NotificationBus.IntegrationTests.Servers;

namespace NotificationBus.IntegrationTests;

/// <summary>What producers put on the bus, seen by a bare consumer of the contracts: the far end of the wire, without the host.</summary>
public sealed class When_a_service_publishes_events(BusAndDatabase servers)
{
    static readonly string Producer = Path.Combine(AppContext.BaseDirectory, "NotificationBus.Producer.dll");

    [Fact]
    public async Task Should_bring_each_of_them_as_the_contracts_say()
    {
        await using var listener = await Listener.Start(await servers.CreateVirtualHost());

        var printed = await ChildProcess.Run(["dotnet", Producer, "--broker", $"{listener.Broker}", "--count", "50"]);

        JsonDocument.Parse(printed).RootElement.GetProperty("OrderPlaced").GetInt32().ShouldBe(50);
        await listener.Has(200);
        listener.Messages.Select(received => received.EventId).Distinct(StringComparer.Ordinal).Count().ShouldBe(200);
        listener
            .Messages.Select(received => received.Message)
            .OfType<OrderPlaced>()
            .Single(order => order.EventId is "order-17")
            .Seller.Email.ShouldBe("seller-17@example.com");
    }

    [Fact]
    public async Task Should_bring_the_same_event_in_messages_of_their_own()
    {
        await using var listener = await Listener.Start(await servers.CreateVirtualHost());

        await ChildProcess.Run(["dotnet", Producer, "--broker", $"{listener.Broker}", "--count", "20", "--same-event"]);

        await listener.Has(20);
        listener.Messages.Select(received => received.EventId).Distinct(StringComparer.Ordinal).ShouldHaveSingleItem();
        listener.Messages.Select(received => received.MessageId).Distinct().Count().ShouldBe(20);
    }

    [Fact]
    public async Task Should_bring_the_same_message_again_and_again()
    {
        await using var listener = await Listener.Start(await servers.CreateVirtualHost());

        await ChildProcess.Run(["dotnet", Producer, "--broker", $"{listener.Broker}", "--count", "20", "--same-message"]);

        await listener.Has(20);
        listener.Messages.Select(received => received.MessageId).Distinct().ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Should_fail_in_the_producer_when_nobody_is_bound()
    {
        var broker = await servers.CreateVirtualHost();

        var failure = await Should.ThrowAsync<InvalidOperationException>(() =>
            ChildProcess.Run(["dotnet", Producer, "--broker", $"{broker}", "--count", "1"])
        );

        failure.Message.ShouldContain("MessageReturnedException");
    }

    [Fact]
    public async Task Should_understand_an_envelope_written_by_hand()
    {
        await using var listener = await Listener.Start(await servers.CreateVirtualHost());
        await using var producer = await PlainAmqpProducer.Connect(listener.Broker);

        await producer.Publish(
            "OrderPlaced",
            new JsonObject
            {
                ["eventId"] = "order-4711",
                ["orderId"] = "4711",
                ["product"] = "Blue ceramic bowl",
                ["total"] = new JsonObject { ["amount"] = 590, ["currency"] = "THB" },
                ["buyer"] = new JsonObject { ["id"] = "buyer-7", ["name"] = "Nok" },
                ["seller"] = new JsonObject
                {
                    ["id"] = "seller-42",
                    ["locale"] = "th",
                    ["email"] = "som@example.com",
                    ["pushTokens"] = new JsonArray("demo-token"),
                },
            }
        );

        await listener.Has(1);
        var order = listener.Messages.Single().Message.ShouldBeOfType<OrderPlaced>();
        order.Total.ShouldBe(new Money(590, "THB"));
        order.Seller.PushTokens.ShouldBe(["demo-token"]);
    }

    sealed record Received(Guid? MessageId, string? EventId, object Message);

    /// <summary>A queue bound to the four events.</summary>
    sealed class Listener(Uri broker) : IAsyncDisposable
    {
        readonly ConcurrentQueue<Received> _messages = new();
        readonly SemaphoreSlim _arrivals = new(0);
        IBusControl? _bus;

        public Uri Broker => broker;

        public IReadOnlyCollection<Received> Messages => _messages;

        public static async Task<Listener> Start(Uri broker)
        {
            var listener = new Listener(broker);
            listener._bus = Bus.Factory.CreateUsingRabbitMq(rabbit =>
            {
                rabbit.Host(broker);
                rabbit.ReceiveEndpoint(
                    "listener",
                    endpoint =>
                    {
                        endpoint.Handler<ChatMessageSent>(context => listener.Take(context, context.Message.EventId));
                        endpoint.Handler<OrderPlaced>(context => listener.Take(context, context.Message.EventId));
                        endpoint.Handler<PaymentReminderDue>(context => listener.Take(context, context.Message.EventId));
                        endpoint.Handler<OrderShipped>(context => listener.Take(context, context.Message.EventId));
                    }
                );
            });
            await listener._bus.StartAsync().WaitAsync(TimeSpan.FromMinutes(2));
            return listener;
        }

        public async Task Has(int messages)
        {
            for (var arrived = 0; arrived < messages; arrived++)
                (await _arrivals.WaitAsync(TimeSpan.FromMinutes(2))).ShouldBeTrue($"message {arrived + 1} of {messages} did not arrive");
        }

        public async ValueTask DisposeAsync()
        {
            if (_bus is not null)
                await _bus.StopAsync();

            _arrivals.Dispose();
        }

        Task Take<T>(ConsumeContext<T> context, string? eventId)
            where T : class
        {
            _messages.Enqueue(new Received(context.MessageId, eventId, context.Message));
            _arrivals.Release();
            return Task.CompletedTask;
        }
    }
}
