using System.Text;
using NotificationBus.Contracts;
using NotificationBus.Providers;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Saga.Persistence;

public sealed class When_the_process_dies
{
    static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);
    static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    [Fact]
    public async Task Should_publish_what_follows_when_the_step_is_known_to_be_stored()
    {
        await using var flow = await EmbeddedFlow.Start();
        flow.Store.AfterWrite = _ =>
        {
            flow.Store.AfterWrite = null;
            throw new OutageException();
        };

        var id = await flow.Tell(An.OrderPlaced());

        await flow.Outcome(id);
        (await flow.Saga.Exists(id, machine => machine.Delivered)).ShouldBe(id);
        flow.Wire.Published.Count(message => message.Type == nameof(SendDelivery)).ShouldBe(2);
        flow.Email.Calls.ShouldHaveSingleItem();
        flow.Push.Calls.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Should_announce_the_outcome_when_the_last_result_is_known_to_be_stored()
    {
        await using var flow = await EmbeddedFlow.Start();
        flow.Store.AfterWrite = step =>
        {
            if (step.Notification.CompletedAt is null)
                return;

            flow.Store.AfterWrite = null;
            throw new OutageException();
        };

        var id = await flow.Tell(An.OrderShipped());

        await flow.Outcome(id);
        (await flow.Saga.Exists(id, machine => machine.Delivered)).ShouldBe(id);
        flow.Store.AfterWrite.ShouldBeNull();
        flow.OutcomesOf(id).ShouldHaveSingleItem();
        flow.Push.Calls.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Should_announce_the_outcome_of_what_may_have_been_sent_before()
    {
        await using var flow = await EmbeddedFlow.Start();
        var command = (await flow.DieAfterStoring(() => flow.Handle(An.OrderShipped()))).ShouldHaveSingleItem();
        var unsure = Encoding
            .UTF8.GetString(command.Body.Span)
            .Replace("\"mayHaveBeenSent\":false", "\"mayHaveBeenSent\":true", StringComparison.Ordinal);
        flow.Store.AfterWrite = step =>
        {
            if (step.Notification.CompletedAt is null)
                return;

            flow.Store.AfterWrite = null;
            throw new OutageException();
        };

        await flow.Publish(command with { Body = Encoding.UTF8.GetBytes(unsure) });

        await flow.Outcome(command.NotificationId!.Value);
        (await flow.Saga.Exists(command.NotificationId!.Value, machine => machine.Delivered)).ShouldBe(command.NotificationId!.Value);
        flow.Store.AfterWrite.ShouldBeNull();
        flow.Outcomes.ShouldHaveSingleItem();
        flow.Push.Calls.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Should_leave_alone_what_comes_again_by_itself()
    {
        await using var flow = await EmbeddedFlow.Start();
        flow.Email.Answers(new ProviderResult.Unavailable("closed", RetryAfter: Hour));
        var answer = new TaskCompletionSource<ProviderResult>();
        flow.Push.Answers((_, _) => answer.Task);
        var id = await flow.Tell(An.OrderPlaced());
        await flow.Pulse.Until(() => flow.Outgoing.Scheduled == 1 && flow.Push.Calls.Count == 1);
        var published = flow.Wire.Published.Count;
        flow.Store.AfterWrite = _ =>
        {
            flow.Store.AfterWrite = null;
            throw new OutageException();
        };

        await flow.Handle(
            new DeliverySent
            {
                NotificationId = id,
                DeliveryId = flow.Find(id)!.Deliveries[1].Id,
                Provider = "scripted",
            }
        );

        flow.Store.AfterWrite.ShouldBeNull();
        flow.Wire.Published.Count.ShouldBe(published);
        answer.SetResult(ScriptedProvider.Accepted);
    }

    [Fact]
    public async Task Should_publish_nothing_again_when_a_producer_repeats_itself()
    {
        await using var flow = await EmbeddedFlow.Start();
        var happened = An.OrderPlaced();
        var messageId = Guid.CreateVersion7();
        await flow.Outcome(await flow.Tell(happened, messageId));
        var published = flow.Wire.Published.Count;

        await flow.Handle(happened, messageId);

        flow.Wire.Published.Count.ShouldBe(published);
    }

    [Theory]
    [InlineData(typeof(OutageException))]
    [InlineData(typeof(OperationCanceledException))]
    public async Task Should_dispatch_again_after_a_failure(Type failure)
    {
        await using var flow = await EmbeddedFlow.Start(new() { Dispatchers = 1 });
        var commands = await flow.DieAfterStoring(() => flow.Handle(An.OrderShipped()));
        var failed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        flow.Outgoing.BeforeDispatch = () =>
        {
            flow.Outgoing.BeforeDispatch = null;
            failed.SetResult();
            throw (Exception)Activator.CreateInstance(failure)!;
        };
        await flow.Outgoing.Schedule(
            [.. commands.Select(command => command with { DueAt = flow.Clock.GetUtcNow() + Hour })],
            CancellationToken.None
        );
        flow.Clock.Advance(Hour);
        await failed.Task;
        await flow.Pulse.Until(() => Waits(flow));

        flow.Clock.Advance(Interval);

        await flow.Pulse.Until(() => flow.Outcomes.Count == 1);
    }

    /// <summary>Whoever dispatches waits for the clock.</summary>
    static bool Waits(EmbeddedFlow flow) => flow.Clock.AlarmsWithin(Interval) > 0;
}
