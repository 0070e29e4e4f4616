using System.Runtime.Serialization;
using System.Text.Json;
using NotificationBus.Contracts;
using NotificationBus.Tests.Host;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Intake;

public sealed class When_the_API_takes_an_event : IAsyncLifetime
{
    EmbeddedFlow _flow = null!;

    public async ValueTask InitializeAsync() => _flow = await EmbeddedFlow.Start();

    public ValueTask DisposeAsync() => _flow.DisposeAsync();

    [Fact]
    public async Task Should_publish_it_as_a_producer_would()
    {
        var answer = await _flow.Intake.Accept(_flow.MapOf<OrderPlaced>(), An.OrderPlaced());

        answer.Errors.ShouldBeEmpty();
        answer.TemplateError.ShouldBeNull();
        (await _flow.Outcome(answer.NotificationId)).CurrentState.ShouldBe("Delivered");
        await _flow.Pulse.Until(() => TakenEvents.Count > 0);
        var published = _flow
            .Wire.Handled.Where(message => message is { Place: "notifications", Type: nameof(OrderPlaced) })
            .ShouldHaveSingleItem();
        var envelope = JsonElement.Parse(published.Body);
        envelope.GetProperty("message").GetProperty("orderId").GetString().ShouldBe(An.OrderPlaced().OrderId);
        envelope.GetProperty("messageId").GetGuid().ShouldNotBe(Guid.Empty);
        _flow.Email.Calls.ShouldHaveSingleItem();
        _flow.Push.Calls.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Should_answer_the_same_notification_when_it_is_called_again()
    {
        var first = await _flow.Intake.Accept(_flow.MapOf<OrderPlaced>(), An.OrderPlaced(eventId: "order-4711"));
        var second = await _flow.Intake.Accept(_flow.MapOf<OrderPlaced>(), An.OrderPlaced(eventId: "order-4711"));

        second.NotificationId.ShouldBe(first.NotificationId);
        await _flow.Outcome(first.NotificationId);
        await _flow.Pulse.Until(() => TakenEvents.Count == 2);
        TakenEvents.Distinct().ShouldHaveSingleItem();
        _flow.Email.Calls.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Should_say_what_is_wrong_and_publish_nothing()
    {
        var answer = await _flow.Intake.Accept(_flow.MapOf<OrderPlaced>(), An.OrderPlaced(A.Seller with { Email = "nobody" }));

        answer.Errors.Keys.ShouldBe(["seller.email"]);
        await ShouldHavePublishedNothing();
    }

    [Fact]
    public async Task Should_say_which_variable_is_missing_and_publish_nothing()
    {
        var answer = await _flow.Intake.Accept(_flow.MapOf<NotificationRequested>(), An.Announcement() with { Data = null });

        answer.Errors.ShouldBeEmpty();
        answer.TemplateError.ShouldNotBeNull().ShouldContain("is missing");
        await ShouldHavePublishedNothing();
    }

    [Fact]
    public async Task Should_take_it_for_somebody_nobody_can_reach_so_that_the_record_says_why()
    {
        var answer = await _flow.Intake.Accept(_flow.MapOf<OrderPlaced>(), An.OrderPlaced(A.Seller with { Email = null, PushTokens = [] }));

        answer.TemplateError.ShouldBeNull();
        (await _flow.Outcome(answer.NotificationId)).CurrentState.ShouldBe("Failed");
    }

    [Fact]
    public async Task Should_not_blame_the_broker_for_what_cannot_be_written()
    {
        var tooDeep = JsonElement.Parse(
            $$"""{ "title": "t", "text": "t", "rows": {{When_a_request_is_wrong.Nested(64, "[", "]")}} }""",
            new JsonDocumentOptions { MaxDepth = 100 }
        );

        await Should.ThrowAsync<SerializationException>(() =>
            _flow.Intake.Accept(_flow.MapOf<NotificationRequested>(), An.Announcement() with { Data = tooDeep })
        );
    }

    List<Guid?> TakenEvents =>
        [
            .. _flow
                .Wire.Handled.Where(message => message.Place == "notifications" && message.Type == nameof(OrderPlaced))
                .Select(message => message.Id),
        ];

    /// <summary>What is published now has passed everything that was published before.</summary>
    async Task ShouldHavePublishedNothing()
    {
        await _flow.Handle(An.OrderShipped());
        _flow
            .Wire.Handled.Count(message =>
                message.Place == "notifications" && message.Type is nameof(OrderPlaced) or nameof(NotificationRequested)
            )
            .ShouldBe(0);
    }
}
