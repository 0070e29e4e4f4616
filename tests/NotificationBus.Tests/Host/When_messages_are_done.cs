using MassTransit;
using NotificationBus.Host.RabbitMq;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Host;

public sealed class When_messages_are_done
{
    readonly FakeTimeProvider _clock = new(A.Time);
    readonly AcknowledgeTogether _filter;

    public When_messages_are_done() => _filter = new AcknowledgeTogether(_clock);

    [Fact]
    public async Task Should_acknowledge_those_of_the_same_moment_together()
    {
        var first = Handle();
        _clock.Advance(AcknowledgeTogether.Wait - TimeSpan.FromMilliseconds(1));
        var second = Handle();
        first.IsCompleted.ShouldBeFalse();
        second.IsCompleted.ShouldBeFalse();

        _clock.Advance(TimeSpan.FromMilliseconds(1));

        await first;
        await second;
    }

    [Fact]
    public async Task Should_let_the_next_ones_wait_for_each_other_again()
    {
        var first = Handle();
        _clock.Advance(AcknowledgeTogether.Wait);
        await first;

        var second = Handle();

        second.IsCompleted.ShouldBeFalse();
        _clock.Advance(AcknowledgeTogether.Wait);
        await second;
    }

    [Fact]
    public async Task Should_not_hold_back_what_fails()
    {
        await Should.ThrowAsync<InvalidOperationException>(() => Handle(() => throw new InvalidOperationException("bad")));
    }

    Task Handle(Action? work = null) => _filter.Send(context: null!, Pipe.Execute<ReceiveContext>(_ => work?.Invoke()));
}
