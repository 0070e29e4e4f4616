using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Providers;
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

        await flow.Outcome(id);
        (await flow.Saga.Exists(id, machine => machine.Delivered)).ShouldBe(id);
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

        await flow.Outcome(id);
        (await flow.Saga.Exists(id, machine => machine.Delivered)).ShouldBe(id);
        flow.Outcomes.ShouldHaveSingleItem();
        flow.Wire.Faults.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_keep_no_other_notification_waiting()
    {
        const int Others = 2_500; // Of some thousand partitions, each would meet the one that stands still.
        await using var flow = await EmbeddedFlow.Start();
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var first = Guid.Empty;
        flow.Store.BeforeWrite = (step, number) =>
        {
            if (number == 1)
                first = step.Notification.CorrelationId;
            return step.Notification.CorrelationId == first && step.Notification.Version == 1 ? held.Task : Task.CompletedTask;
        };
        var id = await flow.Tell(An.OrderPlaced());
        await flow.Pulse.Until(() => flow.Find(id) is not null);

        for (var number = 0; number < Others; number++)
            await flow.Tell(An.OrderPlaced());

        await flow.Pulse.Until(() => flow.Outcomes.Count == Others);
        flow.OutcomesOf(id).ShouldBeEmpty();
        held.SetResult();
        await flow.Outcome(id);
        (await flow.Saga.Exists(id, machine => machine.Delivered)).ShouldBe(id);
    }

    /// <summary>
    /// The server that comes back may be another one, to which the last steps had not come: what is remembered of them is worth nothing.
    /// </summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Should_read_again_what_it_remembered_before(bool fails)
    {
        await using var flow = await EmbeddedFlow.Start();
        var answer = new TaskCompletionSource<ProviderResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        flow.Email.Answers((_, call) => call == 1 ? answer.Task : Task.FromResult(ScriptedProvider.Accepted));
        var id = await flow.Tell(An.OrderPlaced());
        await flow.Pulse.Until(() => flow.Email.Calls.Count == 1 && flow.Find(id)!.Deliveries.Any(delivery => delivery.IsSent()));
        var read = flow.Store.Loaded.Count(loaded => loaded == id);
        flow.Store.BeforeWrite = (_, _) =>
        {
            flow.Store.BeforeWrite = null;
            throw new OutageException();
        };
        if (fails)
            await flow.Outcome(await flow.Tell(An.OrderPlaced()));

        flow.Store.BeforeWrite = null;
        answer.SetResult(ScriptedProvider.Accepted);

        await flow.Outcome(id);
        (await flow.Saga.Exists(id, machine => machine.Delivered)).ShouldBe(id);
        flow.Store.Loaded.Count(loaded => loaded == id).ShouldBe(fails ? read + 1 : read);
    }

    /// <summary>A2: what was only read may be gone with the server that said so.</summary>
    [Theory]
    [InlineData("the event of a notification that is there")]
    [InlineData("a cancellation that comes too late")]
    public async Task Should_not_acknowledge_what_it_found_done_before_that_would_survive(string what)
    {
        await using var flow = await EmbeddedFlow.Start();
        var happened = An.OrderPlaced(eventId: "order-4711");
        var id = await flow.Tell(happened);
        await flow.Outcome(id);
        var confirmed = 0;
        flow.Store.BeforeConfirm = () =>
        {
            if (++confirmed == 1)
                throw new OutageException();
        };

        if (what.StartsWith("the event", StringComparison.Ordinal))
            await flow.Handle(happened);
        else
            await flow.Handle(
                new CancelNotification
                {
                    NotificationId = id,
                    By = "ann",
                    Why = "it is sold",
                }
            );

        await flow.Pulse.Until(() => confirmed >= 2);
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
