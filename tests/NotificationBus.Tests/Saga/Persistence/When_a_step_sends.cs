using System.Collections.Concurrent;
using System.Collections.Immutable;

using MassTransit;

using NotificationBus.Contracts;
using NotificationBus.Saga.Persistence;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Saga.Persistence;

public sealed class When_a_step_sends
{
    [Fact]
    public async Task Should_deliver_the_bytes_that_were_stored()
    {
        await using var flow = await EmbeddedFlow.Start();
        var stored = new ConcurrentDictionary<Guid, byte[]>();
        flow.Store.AfterWrite = step =>
        {
            foreach (var message in step.Outgoing)
                stored[message.MessageId] = message.Body.ToArray();
        };

        await flow.Outcome(await flow.Tell(An.OrderPlaced()));

        await flow.Pulse.Until(() => flow.Wire.Handled.Count(message => stored.ContainsKey(message.Id!.Value)) == 3);
        foreach (var received in flow.Wire.Handled.Where(message => stored.ContainsKey(message.Id!.Value)))
            received.Body.ShouldBe(stored[received.Id!.Value]);
    }

    [Fact]
    public async Task Should_give_its_messages_the_same_ids_when_it_is_made_again()
    {
        await using var flow = await EmbeddedFlow.Start();
        var tries = ImmutableList<string>.Empty;
        flow.Store.BeforeWrite = (step, number) =>
        {
            tries = tries.Add(string.Join(' ', step.Outgoing.Select(message => message.MessageId)));
            return number < 3 ? throw new OutageException() : Task.CompletedTask;
        };

        await flow.Handle(An.OrderPlaced());

        tries[0].Split(' ').Distinct().Count().ShouldBe(2);
        tries[1].ShouldBe(tries[0]);
        tries[2].ShouldBe(tries[0]);
    }

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
    public async Task Should_be_refused_when_it_wants_a_message_delayed()
    {
        var refused = new TaskCompletionSource<(Exception? Thrown, int Outgoing)>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var flow = await EmbeddedFlow.Start(configure: bus => bus.ReceiveEndpoint("a-step", endpoint =>
            endpoint.Handler<NotificationFailed>(async context =>
            {
                var step = new SagaStepContext<NotificationFailed>(context);
#pragma warning disable RS0030 // The guard against it is what is tested.
                var thrown = await Record.ExceptionAsync(() => step.Publish(context.Message, publish => publish.Delay = TimeSpan.FromSeconds(1)));
#pragma warning restore RS0030
                refused.SetResult((thrown, step.Outgoing.Count));
            })));

        await flow.Tell(An.OrderPlaced(A.Seller with { Email = null, PushTokens = [] }));

        var (exception, outgoing) = await refused.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        exception.ShouldBeOfType<NotSupportedException>();
        outgoing.ShouldBe(0);
    }
}
