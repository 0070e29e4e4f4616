using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Saga.Persistence;

public sealed class When_the_store_fails
{
    [Fact]
    public async Task Should_publish_nothing_and_make_the_step_again()
    {
        await using var flow = await EmbeddedFlow.Start();
        flow.Store.BeforeWrite = (_, number) =>
        {
            flow.Wire.Published.ShouldBeEmpty();
            if (number == 3)
                flow.Store.BeforeWrite = null;
            throw new OutageException();
        };

        var id = await flow.Tell(An.OrderPlaced());

        (await flow.Outcome(id)).CurrentState.ShouldBe("Delivered");
        flow.Email.Calls.ShouldHaveSingleItem();
        flow.Push.Calls.ShouldHaveSingleItem();
        flow.Outcomes.ShouldHaveSingleItem();
        flow.Wire.Faults.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_lose_no_result()
    {
        await using var flow = await EmbeddedFlow.Start();
        flow.Store.BeforeWrite = (step, _) =>
        {
            if (step.Notification.Version != 1)
                return Task.CompletedTask;

            flow.Store.BeforeWrite = null;
            throw new OutageException();
        };

        var id = await flow.Tell(An.OrderPlaced());

        (await flow.Outcome(id)).CurrentState.ShouldBe("Delivered");
        flow.Outcomes.ShouldHaveSingleItem();
        flow.Wire.Faults.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_put_the_message_in_the_error_queue_when_it_fails_in_a_way_that_does_not_pass()
    {
        await using var flow = await EmbeddedFlow.Start();
        flow.Store.BeforeWrite = (_, _) => throw new InvalidOperationException("the table is gone");

        await flow.Handle(An.OrderPlaced());

        await flow.Pulse.Until(() => flow.Wire.Errors.Count == 1);
        flow.Store.Writes.ShouldBe(1);
        flow.Wire.Published.ShouldBeEmpty();
    }
}
