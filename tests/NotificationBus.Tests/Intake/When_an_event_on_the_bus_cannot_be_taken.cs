using System.Text.Json.Nodes;
using MassTransit;
using MassTransit.Serialization;
using NotificationBus.Contracts;
using NotificationBus.Intake;
using NotificationBus.Messaging;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Intake;

public sealed class When_an_event_on_the_bus_cannot_be_taken : IAsyncLifetime
{
    EmbeddedFlow _flow = null!;

    public async ValueTask InitializeAsync() => _flow = await EmbeddedFlow.Start();

    public ValueTask DisposeAsync() => _flow.DisposeAsync();

    [Fact]
    public async Task Should_go_to_the_error_queue_when_it_names_nobody()
    {
        await _flow.Bus.Publish(An.OrderPlaced() with { Seller = null! }, AsAnotherServiceWritesIt);

        await ShouldBeRefused("seller must not be null");
    }

    [Fact]
    public async Task Should_go_to_the_error_queue_when_the_message_has_no_id()
    {
        await _flow.Bus.Publish(An.OrderPlaced(), publish => publish.MessageId = null);

        await ShouldBeRefused("the message has no messageId");
    }

    [Fact]
    public async Task Should_go_to_the_error_queue_when_a_result_has_no_id()
    {
        var saga = await _flow.Bus.GetSendEndpoint(SagaEndpoint.Of(Lane.Transactional));
        await saga.Send(
            new DeliverySent
            {
                NotificationId = Guid.CreateVersion7(),
                DeliveryId = Guid.CreateVersion7(),
                Provider = "scripted",
            },
            send => send.MessageId = null
        );

        await ShouldBeRefused("the message has no messageId");
    }

    [Fact]
    public async Task Should_go_to_the_error_queue_when_it_breaks_a_rule()
    {
        await _flow.Bus.Publish(An.Announcement() with { Category = null! }, AsAnotherServiceWritesIt);

        await ShouldBeRefused(
            "category is unknown, allowed are announcement, chat-message-sent, order-placed, order-shipped, payment-reminder-due"
        );
    }

    /// <summary>C: decoration costs the notification. More devices than anybody has cost the last of them.</summary>
    [Fact]
    public async Task Should_go_to_the_first_of_too_many_addresses()
    {
        var tokens = Enumerable.Range(0, 51).Select(number => $"token-{number}").ToList();
        var order = An.OrderShipped(A.Buyer with { PushTokens = tokens, Chat = [.. Enumerable.Repeat("slack:C1", 51)] }, eventId: "many");

        var sent = await _flow.Outcome(await _flow.Tell(order));
        await _flow.Handle(order);

        sent.Deliveries.Select(delivery => delivery.Address).ShouldBe(tokens.Take(50));
        sent.Decisions.ShouldContain("buyer.pushTokens was cut to its first 50: it must be at most 50 tokens");
        sent.Decisions.ShouldContain("buyer.chat was cut to its first 50: it must be at most 50 places");
        _flow.Find(sent.CorrelationId)!.Deliveries.Count.ShouldBe(50);
    }

    [Fact]
    public async Task Should_go_to_the_error_queue_when_its_own_values_break_rules()
    {
        await _flow.Bus.Publish(An.OrderPlaced() with { OrderId = " ", Total = new Money(-1, "baht") });

        await ShouldBeRefused(
            "orderId must not be blank; total.amount must be 0 to 999999999999.99 with at most 4 decimals; "
                + "total.currency must be three capital letters (ISO 4217) such as THB"
        );
    }

    /// <summary>
    /// Nothing would be left of the amount, and nobody would know: "THB 0.00". MassTransit writes amounts as texts, others as numbers.
    /// </summary>
    [Theory]
    [InlineData("1e-40")]
    [InlineData("\"1e-40\"")]
    [InlineData("0.00000000000000000000000000001")]
    [InlineData("590.00000000000000000000000000001")]
    public async Task Should_go_to_the_error_queue_when_its_amount_would_be_rounded(string amount)
    {
        var saga = await _flow.Bus.GetSendEndpoint(SagaEndpoint.Of(Lane.Transactional));
        await saga.Send(An.OrderPlaced(), send => send.Serializer = new WithAmount(amount));
        await _flow.Pulse.Until(() => _flow.Wire.Errors.Count == 1);

        _flow.Wire.Errors[0].Exception.ShouldContain("amount");
        _flow.Store.Writes.ShouldBe(0);
        await _flow.Tell(An.OrderPlaced() with { Total = new Money(0.0001m, "THB") });
    }

    [Fact]
    public async Task Should_take_the_other_channels_when_only_an_address_is_wrong()
    {
        var id = await _flow.Tell(An.OrderPlaced(A.Seller with { Email = "nobody" }));

        var notification = await _flow.Outcome(id);
        notification.CurrentState.ShouldBe("Delivered");
        notification.Decisions.ShouldBe(["email: the mailbox is not of the form local@domain", "push: planned"]);
    }

    /// <summary>With what has no value.</summary>
    static void AsAnotherServiceWritesIt<TEvent>(PublishContext<TEvent> publish)
        where TEvent : class => publish.Serializer = SystemTextJsonMessageSerializer.Instance;

    async Task ShouldBeRefused(string reason)
    {
        await _flow.Pulse.Until(() => _flow.Wire.Errors.Count == 1);
        _flow.Wire.Errors[0].Exception.ShouldBe($"{typeof(InvalidEventException).FullName}: {reason}");
        _flow.Store.Writes.ShouldBe(0);
        _flow.Wire.Published.ShouldBeEmpty();
    }

    /// <summary>Writes an amount as the test wants it.</summary>
    sealed class WithAmount(string amount) : IMessageSerializer
    {
        public System.Net.Mime.ContentType ContentType => SystemTextJsonMessageSerializer.JsonContentType;

        public MessageBody GetMessageBody<T>(SendContext<T> context)
            where T : class
        {
            var envelope = JsonNode.Parse(SystemTextJsonMessageSerializer.Instance.GetMessageBody(context).GetBytes())!;
            envelope["message"]!["total"]!["amount"] = JsonNode.Parse(amount);
            return new StringMessageBody(envelope.ToJsonString());
        }
    }
}
