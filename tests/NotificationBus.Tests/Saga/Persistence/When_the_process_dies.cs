using NotificationBus.Contracts;
using NotificationBus.Outgoing;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Saga.Persistence;

public sealed class When_the_process_dies
{
    static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);
    static readonly TimeSpan Overdue = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Should_publish_what_was_stored_when_the_event_comes_again()
    {
        await using var flow = await EmbeddedFlow.Start();
        var happened = An.OrderPlaced();
        var messageId = Guid.CreateVersion7();
        var stored = await flow.DieAfterStoring(() => flow.Handle(happened, messageId));
        flow.Wire.Published.ShouldBeEmpty();

        await flow.Handle(happened, messageId);

        ShouldBeTheSame(flow.Wire.Published.Where(message => message.Type == nameof(SendDelivery)), stored);
        var id = flow.MapOf<OrderPlaced>().NotificationId(happened, messageId);
        (await flow.Outcome(id)).CurrentState.ShouldBe("Delivered");
    }

    [Fact]
    public async Task Should_publish_what_was_stored_when_a_result_comes_again()
    {
        await using var flow = await EmbeddedFlow.Start();
        var answer = new TaskCompletionSource<NotificationBus.Sending.ProviderResult>();
        flow.Push.Answers((_, _) => answer.Task);
        var id = await flow.Tell(An.OrderShipped());
        var sending = await flow.Until(id, notification => notification.CurrentState == "Sending");
        var sent = new DeliverySent { NotificationId = id, DeliveryId = sending.Deliveries[0].Id, Provider = "scripted" };
        var messageId = Guid.CreateVersion7();
        var stored = await flow.DieAfterStoring(() => flow.Handle(sent, messageId));
        flow.OutcomesOf(id).ShouldBeEmpty();

        await flow.Handle(sent, messageId);

        ShouldBeTheSame(flow.Wire.Published.Where(message => message.Type == nameof(NotificationDelivered)), stored);
        (await flow.Outcome(id)).CurrentState.ShouldBe("Delivered");
        answer.SetResult(ScriptedProvider.Accepted);
    }

    [Fact]
    public async Task Should_publish_nothing_again_once_it_is_confirmed()
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
    [InlineData(1)]
    [InlineData(2)]
    public async Task Should_dispatch_what_was_stored_when_nothing_comes_again(int hosts)
    {
        await using var flow = await EmbeddedFlow.Start(dispatchers: hosts);
        var happened = An.OrderPlaced(eventId: "order-4711");
        var stored = await flow.DieAfterStoring(() => flow.Handle(happened));

        flow.Clock.Advance(Overdue);

        var id = flow.MapOf<OrderPlaced>().NotificationId(happened, Guid.Empty);
        (await flow.Outcome(id)).CurrentState.ShouldBe("Delivered");
        ShouldBeTheSame(flow.Wire.Published.Where(message => message.Type == nameof(SendDelivery)), stored);
    }

    [Fact]
    public async Task Should_leave_alone_what_a_step_may_still_be_publishing()
    {
        await using var flow = await EmbeddedFlow.Start(dispatchers: 1);
        var rounds = 0;
        flow.Outgoing.BeforeDispatch = () =>
        {
            Interlocked.Increment(ref rounds);
            flow.Pulse.Beat();
        };
        await flow.DieAfterStoring(() => flow.Handle(An.OrderPlaced()));

        for (var round = 1; round * Interval < Overdue; round++)
        {
            flow.Clock.Advance(Interval);
            await flow.Pulse.Until(() => Volatile.Read(ref rounds) == round && Waits(flow));
        }

        flow.Wire.Published.ShouldBeEmpty();
        flow.Clock.Advance(Interval);
        await flow.Pulse.Until(() => flow.Wire.Published.Count(message => message.Type == nameof(SendDelivery)) == 2);
    }

    [Theory]
    [InlineData(typeof(OutageException))]
    [InlineData(typeof(OperationCanceledException))]
    public async Task Should_dispatch_again_after_a_failure(Type failure)
    {
        await using var flow = await EmbeddedFlow.Start(dispatchers: 1);
        await flow.DieAfterStoring(() => flow.Handle(An.OrderPlaced()));
        var failed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        flow.Outgoing.BeforeDispatch = () =>
        {
            flow.Outgoing.BeforeDispatch = null;
            failed.SetResult();
            throw (Exception)Activator.CreateInstance(failure)!;
        };
        flow.Clock.Advance(Overdue);
        await failed.Task;
        await flow.Pulse.Until(() => Waits(flow));

        flow.Clock.Advance(Interval);

        await flow.Pulse.Until(() => flow.Outcomes.Count == 1);
    }

    /// <summary>Whoever dispatches waits for the clock.</summary>
    static bool Waits(EmbeddedFlow flow) => flow.Clock.AlarmsWithin(Interval) > 0;

    static void ShouldBeTheSame(IEnumerable<WireMessage> published, IReadOnlyList<OutgoingMessage> stored)
    {
        static string Picture(Guid? id, ReadOnlyMemory<byte> body) => $"{id} {Convert.ToHexString(body.Span)}";

        published.Select(message => Picture(message.Id, message.Body)).Order(StringComparer.Ordinal)
            .ShouldBe(stored.Select(message => Picture(message.MessageId, message.Body)).Order(StringComparer.Ordinal));
    }
}
