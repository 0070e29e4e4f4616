using MassTransit;
using NotificationBus.Contracts;
using NotificationBus.Saga.Persistence;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Saga.Persistence;

public sealed class When_a_step_sends
{
    [Fact]
    public async Task Should_give_the_messages_of_two_notifications_different_ids_though_one_message_began_both()
    {
        await using var flow = await EmbeddedFlow.Start();
        var messageId = Guid.CreateVersion7();

        await flow.Outcome(await flow.Tell(An.OrderShipped(), messageId));
        await flow.Outcome(await flow.Tell(An.OrderShipped(A.Buyer with { Id = "buyer-8" }), messageId));

        flow.Wire.Published.Select(message => message.Id).ShouldBeUnique();
    }

    [Fact]
    public async Task Should_be_refused_when_it_publishes_by_itself()
    {
        var refused = new TaskCompletionSource<Exception?>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var flow = await EmbeddedFlow.Start(
            new()
            {
                Configure = bus =>
                    bus.ReceiveEndpoint(
                        "a-step",
                        endpoint =>
                            endpoint.Handler<NotificationFailed>(async context =>
                                refused.SetResult(
                                    await Record.ExceptionAsync(() =>
                                        new SagaStepContext<NotificationFailed>(context).Publish(context.Message, CancellationToken.None)
                                    )
                                )
                            )
                    ),
            }
        );

        await flow.Tell(An.OrderPlaced(A.Seller with { Email = null, PushTokens = [] }));

        var exception = await refused.Task.WaitAsync(Pulse.Patience, TestContext.Current.CancellationToken);
        exception.ShouldBeOfType<NotSupportedException>().Message.ShouldContain(nameof(NotificationFailed));
    }
}
