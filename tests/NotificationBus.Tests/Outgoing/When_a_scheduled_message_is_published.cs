using NotificationBus.Embedded;
using NotificationBus.Outgoing;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Outgoing;

public sealed class When_a_scheduled_message_is_published
{
    static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);

    readonly FakeTimeProvider _clock = new(A.Time);
    readonly InMemoryOutgoingMessages _outgoing;

    public When_a_scheduled_message_is_published() => _outgoing = new InMemoryOutgoingMessages(_clock);

    [Fact]
    public async Task Should_be_published_again_under_the_same_id_when_the_host_dies_before_it_is_forgotten()
    {
        await _outgoing.Schedule([Message("a")], CancellationToken.None);
        var published = (await Take()).ShouldHaveSingleItem();

        (await Take()).ShouldBeEmpty();
        _clock.Advance(Lease);

        (await Take()).ShouldHaveSingleItem().MessageId.ShouldBe(published.MessageId);
    }

    [Fact]
    public async Task Should_stay_when_it_is_rescheduled_while_it_is_published()
    {
        var first = Message("first");
        await _outgoing.Schedule([first], CancellationToken.None);
        var taken = await Take();
        await _outgoing.Reschedule(Message("second") with { Token = first.Token }, CancellationToken.None);

        await _outgoing.Published(taken);

        (await Take()).ShouldHaveSingleItem().ContentType.ShouldBe("second");
    }

    [Fact]
    public async Task Should_stay_as_it_is_when_it_is_scheduled_a_second_time_without_being_replaced()
    {
        var first = Message("first");
        await _outgoing.Schedule([first], CancellationToken.None);

        await _outgoing.Schedule([Message("second") with { Token = first.Token }], CancellationToken.None);

        (await Take()).ShouldHaveSingleItem().ContentType.ShouldBe("first");
    }

    [Fact]
    public async Task Should_leave_in_the_order_of_due_times()
    {
        foreach (var second in new[] { 3, 1, 2 })
            await _outgoing.Schedule([Message($"{second}") with { DueAt = _clock.GetUtcNow().AddSeconds(second) }], CancellationToken.None);
        _clock.Advance(TimeSpan.FromSeconds(3));

        (await Take()).Select(message => message.ContentType).ShouldBe(["1", "2", "3"]);
    }

    Task<IReadOnlyList<OutgoingMessage>> Take() => _outgoing.TakeDue(Lease, 10, CancellationToken.None);

    OutgoingMessage Message(string name) =>
        new()
        {
            MessageId = Guid.CreateVersion7(),
            Destination = "exchange:inbox",
            ContentType = name,
            MessageTypes = "",
            Body = ReadOnlyMemory<byte>.Empty,
            DueAt = _clock.GetUtcNow(),
        };
}
