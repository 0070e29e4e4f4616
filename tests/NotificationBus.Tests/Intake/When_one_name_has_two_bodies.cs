using MassTransit;
using NotificationBus.Contracts;
using NotificationBus.Intake;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Intake;

/// <summary>A12: one key, two bodies, on the bus and through the intake.</summary>
public sealed class When_one_name_has_two_bodies : IAsyncLifetime
{
    EmbeddedFlow _flow = null!;

    public async ValueTask InitializeAsync() => _flow = await EmbeddedFlow.Start();

    public ValueTask DisposeAsync() => _flow.DisposeAsync();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Should_set_the_second_aside_on_the_bus(bool underTheSameMessageId)
    {
        var messageId = Guid.CreateVersion7();
        var first = await _flow.Tell(An.OrderPlaced(eventId: "order-4711"), messageId);
        await _flow.Outcome(first);

        await _flow.Bus.Publish(
            An.OrderPlaced(eventId: "order-4711") with
            {
                Product = "Red vase",
            },
            publish => publish.MessageId = underTheSameMessageId ? messageId : Guid.CreateVersion7()
        );

        await ShouldBeSetAside(first, "eventId");
        _flow.Email.Calls.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Should_set_the_second_aside_while_the_first_is_still_being_sent()
    {
        var answer = new TaskCompletionSource<NotificationBus.Providers.ProviderResult>();
        _flow.Email.Answers((_, _) => answer.Task);
        var first = await _flow.Tell(An.OrderPlaced(eventId: "order-4711"));
        await _flow.Pulse.Until(() => _flow.Email.Calls.Count == 1);

        await _flow.Bus.Publish(An.OrderPlaced(eventId: "order-4711") with { Product = "Red vase" });
        await ShouldBeSetAside(first, "eventId");

        answer.SetResult(ScriptedProvider.Accepted);
        (await _flow.Outcome(first)).CurrentState.ShouldBe("Delivered");
    }

    [Fact]
    public async Task Should_set_the_second_aside_where_the_message_id_is_all_the_name_there_is()
    {
        var messageId = Guid.CreateVersion7();
        var first = await _flow.Tell(An.OrderPlaced(), messageId);
        await _flow.Outcome(first);

        await _flow.Bus.Publish(An.OrderPlaced() with { Product = "Red vase" }, publish => publish.MessageId = messageId);

        await ShouldBeSetAside(first, "message id");
    }

    [Fact]
    public async Task Should_take_what_an_earlier_version_has_begun_for_the_same()
    {
        _flow.Store.BeforeWrite = (step, _) =>
        {
            step.Notification.Fingerprint = null;
            return Task.CompletedTask;
        };
        await _flow.Outcome(await _flow.Tell(An.OrderPlaced(eventId: "order-4711")));

        await _flow.Handle(An.OrderPlaced(eventId: "order-4711") with { Product = "Red vase" });
        var answer = await _flow.Intake.Accept(
            _flow.MapOf<OrderPlaced>(),
            An.OrderPlaced(eventId: "order-4711") with
            {
                Product = "Red vase",
            }
        );

        answer.IsAnother.ShouldBeFalse();
        _flow.Wire.Errors.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_refuse_the_second_at_the_intake_though_the_first_is_still_in_the_broker()
    {
        var answer = new TaskCompletionSource();
        _flow.Store.BeforeWrite = (_, _) => answer.Task;

        var first = await _flow.Intake.Accept(_flow.MapOf<OrderPlaced>(), An.OrderPlaced(eventId: "order-4711"));
        var second = await _flow.Intake.Accept(
            _flow.MapOf<OrderPlaced>(),
            An.OrderPlaced(eventId: "order-4711") with
            {
                Product = "Red vase",
            }
        );
        var again = await _flow.Intake.Accept(_flow.MapOf<OrderPlaced>(), An.OrderPlaced(eventId: "order-4711"));

        (first.IsAnother, second.IsAnother, again.IsAnother).ShouldBe((false, true, false));
        second.NotificationId.ShouldBe(first.NotificationId);
        answer.SetResult();
        await _flow.Outcome(first.NotificationId);
        _flow.Wire.Errors.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_say_how_the_first_has_ended_and_publish_nothing_when_it_is_repeated_later()
    {
        var first = await _flow.Intake.Accept(_flow.MapOf<OrderPlaced>(), An.OrderPlaced(eventId: "order-4711"));
        await _flow.Outcome(first.NotificationId);

        var again = await _flow.Intake.Accept(_flow.MapOf<OrderPlaced>(), An.OrderPlaced(eventId: "order-4711"));

        again.Earlier.ShouldBe(new EarlierNotification("Delivered", HasEnded: true, first.Fingerprint));
        await _flow.Handle(An.OrderShipped());
        await _flow.Pulse.Until(() => Handled() > 0);
        Handled().ShouldBe(1);

        int Handled() => _flow.Wire.Handled.Count(message => message.Type == nameof(OrderPlaced) && message.Place == "notifications");
    }

    async Task ShouldBeSetAside(Guid first, string name)
    {
        await _flow.Pulse.Until(() => _flow.Wire.Errors.Count == 1);
        _flow
            .Wire.Errors[0]
            .Exception.ShouldBe(
                $"{typeof(InvalidEventException).FullName}: its {name} names notification {first}, which was begun with other content"
            );
    }
}
