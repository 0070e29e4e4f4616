using NotificationBus.Contracts;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Saga;

public sealed class When_an_event_is_repeated : IAsyncLifetime
{
    EmbeddedFlow _flow = null!;

    public async ValueTask InitializeAsync() => _flow = await EmbeddedFlow.Start();

    public ValueTask DisposeAsync() => _flow.DisposeAsync();

    [Fact]
    public async Task Should_do_nothing_for_the_same_message()
    {
        var happened = An.OrderPlaced();
        var messageId = Guid.CreateVersion7();
        var id = await _flow.Tell(happened, messageId);
        var before = await _flow.Outcome(id);
        // Its outcome is heard of before it is done with itself.
        await _flow.Pulse.Until(() => _flow.Wire.Handled.Any(handled => handled.Id == messageId));

        await _flow.Handle(happened, messageId);

        ShouldHaveDoneEverythingOnce(id);
        _flow.Find(id)!.Version.ShouldBe(before.Version);
    }

    [Theory]
    [InlineData("Delivered")]
    [InlineData("PartlyDelivered")]
    [InlineData("Failed")]
    public async Task Should_do_nothing_for_the_same_event_in_another_message(string state)
    {
        _flow.Email.Answers(state == "Failed" ? ScriptedProvider.Rejected : ScriptedProvider.Accepted);
        _flow.Push.Answers(state == "Delivered" ? ScriptedProvider.Accepted : ScriptedProvider.Rejected);
        var happened = An.OrderPlaced(eventId: "order-4711");
        var id = await _flow.Tell(happened);
        var before = await _flow.Outcome(id);
        before.CurrentState.ShouldBe(state);

        await _flow.Handle(happened);

        ShouldHaveDoneEverythingOnce(id, $"Notification{state}");
        _flow.Find(id)!.Version.ShouldBe(before.Version);
    }

    [Fact]
    public async Task Should_do_nothing_while_it_is_still_being_sent()
    {
        var answer = new TaskCompletionSource<NotificationBus.Providers.ProviderResult>();
        _flow.Email.Answers((_, _) => answer.Task);
        var happened = An.OrderPlaced(eventId: "order-4711");
        var id = await _flow.Tell(happened);
        await _flow.Pulse.Until(() => _flow.Email.Calls.Count == 1);

        await _flow.Handle(happened);
        answer.SetResult(ScriptedProvider.Accepted);

        await _flow.Outcome(id);
        ShouldHaveDoneEverythingOnce(id);
    }

    [Fact]
    public async Task Should_make_one_notification_of_two_hundred_at_the_same_time()
    {
        var happened = An.OrderPlaced(eventId: "order-4711");

        var ids = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => _flow.Tell(happened)));

        var id = ids.Distinct().ShouldHaveSingleItem();
        await _flow.Outcome(id);
        await _flow.Pulse.Until(() =>
            _flow.Wire.Handled.Count(message => message.Type == nameof(OrderPlaced) && message.Place == "notifications") == 200
        );
        ShouldHaveDoneEverythingOnce(id);
    }

    [Fact]
    public async Task Should_tell_two_recipients_of_one_event_apart()
    {
        var first = await _flow.Tell(An.OrderPlaced(eventId: "order-4711"));
        var second = await _flow.Tell(An.OrderPlaced(A.Seller with { Id = "seller-43" }, eventId: "order-4711"));

        first.ShouldNotBe(second);
        await _flow.Outcome(first);
        await _flow.Outcome(second);
        _flow.Email.Calls.Count.ShouldBe(2);
    }

    void ShouldHaveDoneEverythingOnce(Guid id, string outcome = nameof(NotificationDelivered))
    {
        _flow.Email.Calls.Count.ShouldBe(1);
        _flow.Push.Calls.Count.ShouldBe(1);
        _flow.OutcomesOf(id).ShouldHaveSingleItem();
        _flow
            .Wire.Published.Select(message => message.Type)
            .Order(StringComparer.Ordinal)
            .ShouldBe([outcome, nameof(SendDelivery), nameof(SendDelivery)]);
        _flow.Wire.Faults.ShouldBeEmpty();
    }
}
