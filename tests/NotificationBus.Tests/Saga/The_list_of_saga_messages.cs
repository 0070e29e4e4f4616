using MassTransit;
using NotificationBus.Contracts;
using NotificationBus.Saga;

namespace NotificationBus.Tests.Saga;

/// <summary>
/// What is on no list has its queue bound to no exchange, or races with another step of the same notification, without a word.
/// </summary>
public sealed class The_list_of_saga_messages
{
    static readonly NotificationStateMachine Machine = new([], null!);

    [Fact]
    public void Should_be_all_the_machine_takes() =>
        SagaMessages
            .All.Select(message => message.Step)
            .OfType<Type>()
            .ShouldBe(Machine.Events.Select(MessageOf).OfType<Type>().Distinct(), ignoreOrder: true);

    [Fact]
    public void Should_have_one_line_for_each_message() => SagaMessages.All.Select(message => message.GetType()).ShouldBeUnique();

    [Fact]
    public void Should_know_whom_a_message_concerns()
    {
        var id = Guid.NewGuid();

        SagaMessages
            .NotificationOf<DeliverySent>()(
                new DeliverySent
                {
                    NotificationId = id,
                    DeliveryId = Guid.NewGuid(),
                    Provider = "sandbox",
                }
            )
            .ShouldBe(id);
        Should.Throw<InvalidOperationException>(SagaMessages.NotificationOf<OrderPlaced>).Message.ShouldContain("OrderPlaced");
    }

    static Type? MessageOf(Event happened) =>
        happened
            .GetType()
            .GetInterfaces()
            .SingleOrDefault(type => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Event<>))
            ?.GetGenericArguments()[0];
}
