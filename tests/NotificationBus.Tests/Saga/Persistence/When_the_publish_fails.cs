using System.Collections.Concurrent;

using NotificationBus.Contracts;
using NotificationBus.Messaging;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Saga.Persistence;

public sealed class When_the_publish_fails
{
    static readonly BrokerUnavailableException Silence = new("the broker is silent", new TimeoutException());

    [Fact]
    public async Task Should_publish_the_same_messages_when_they_never_left()
    {
        await using var flow = await EmbeddedFlow.Start();
        var refused = new ConcurrentBag<Guid>();
        flow.Wire.BeforeSend = message =>
        {
            refused.Add(message.Id!.Value);
            if (refused.Count == 2)
                flow.Wire.BeforeSend = null;
            throw Silence;
        };

        var id = await flow.Tell(An.OrderPlaced());

        (await flow.Outcome(id)).CurrentState.ShouldBe("Delivered");
        CommandsIn(flow).Order().ShouldBe(refused.Order());
        flow.Email.Calls.ShouldHaveSingleItem();
        flow.Push.Calls.ShouldHaveSingleItem();
        flow.Wire.Faults.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_send_once_when_only_the_confirm_was_lost()
    {
        await using var flow = await EmbeddedFlow.Start();
        var lost = 0;
        flow.Wire.AfterSend = _ =>
        {
            if (Interlocked.Increment(ref lost) <= 2)
                throw Silence;
        };

        var id = await flow.Tell(An.OrderPlaced());
        await flow.Outcome(id);
        await flow.Pulse.Until(() => flow.Handled<SendDelivery>() == 4);

        var commands = CommandsIn(flow);
        commands.Count.ShouldBe(4);
        commands.Distinct().Count().ShouldBe(2);
        flow.Email.Calls.ShouldHaveSingleItem();
        flow.Push.Calls.ShouldHaveSingleItem();
        // Each result came twice, and the second time may mean that nobody was told.
        flow.Wire.Published.Where(message => message.Type == nameof(NotificationDelivered)).Select(message => message.Id).Distinct().ShouldHaveSingleItem();
        flow.Wire.Faults.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_not_make_the_step_again()
    {
        await using var flow = await EmbeddedFlow.Start();
        flow.Push.Answers(ScriptedProvider.Rejected);
        var failures = 3;
        flow.Wire.BeforeSend = _ =>
        {
            if (Interlocked.Decrement(ref failures) >= 0)
                throw Silence;
        };

        await flow.Handle(An.OrderShipped());

        flow.Store.Writes.ShouldBeLessThanOrEqualTo(2);
        flow.Wire.Faults.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_announce_the_outcome_once_it_can()
    {
        await using var flow = await EmbeddedFlow.Start();
        var failures = 3;
        flow.Wire.BeforeSend = message =>
        {
            if (message.Type == nameof(NotificationDelivered) && Interlocked.Decrement(ref failures) >= 0)
                throw Silence;
        };

        var id = await flow.Tell(An.OrderPlaced());

        await flow.Outcome(id);
        flow.Wire.Published.Count(message => message.Type == nameof(NotificationDelivered)).ShouldBe(1);
    }

    static List<Guid> CommandsIn(EmbeddedFlow flow) =>
        [.. flow.Wire.Published.Where(message => message.Type == nameof(SendDelivery)).Select(message => message.Id!.Value)];
}
