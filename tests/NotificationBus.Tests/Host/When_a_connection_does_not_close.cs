using System.Reflection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using NotificationBus.Host.RabbitMq;
using NotificationBus.Tests.TestKit;
using RabbitMQ.Client;

namespace NotificationBus.Tests.Host;

/// <summary>
/// A1: the client closes channels one after the other, each when its messages are done. A channel and a connection only say here whether
/// they are open.
/// </summary>
public sealed class When_a_connection_does_not_close : IHostApplicationLifetime
{
    readonly WatchedClock _clock = new();
    readonly IChannel _channel = Openable.Create<IChannel>(isOpen: true);
    readonly IConnection _connection = Openable.Create<IConnection>(isOpen: true);
    readonly Listeners _listeners;
    readonly ListenerWatch _watch;
    int _givenBack;

    public When_a_connection_does_not_close()
    {
        _listeners = new Listeners(new DeletedQueues(NullLogger<DeletedQueues>.Instance), this, _clock, NullLogger<Listeners>.Instance);
        _watch = new ListenerWatch(_listeners, bus: null!, broker: null!, this, _clock, NullLogger<ListenerWatch>.Instance);
    }

    public CancellationToken ApplicationStarted => CancellationToken.None;

    public CancellationToken ApplicationStopping => CancellationToken.None;

    public CancellationToken ApplicationStopped => CancellationToken.None;

    [Fact]
    public void Should_end_the_host_when_nothing_is_under_way()
    {
        HalfClose();

        After(TimeSpan.Zero).ShouldBeFalse();
        After(ListenerWatch.Patience).ShouldBeTrue();
    }

    [Fact]
    public void Should_not_end_the_host_while_a_message_is_under_way_and_count_from_when_it_is_done()
    {
        using var work = Work();
        HalfClose();

        After(TimeSpan.Zero).ShouldBeFalse();
        After(ListenerWatch.LongestWork / 2).ShouldBeFalse();
        work.Dispose();

        After(TimeSpan.Zero).ShouldBeFalse();
        After(ListenerWatch.Patience - TimeSpan.FromSeconds(1)).ShouldBeFalse();
    }

    [Fact]
    public void Should_end_the_host_when_a_message_is_under_way_for_longer_than_any_may_be()
    {
        using var work = Work();
        HalfClose();

        After(TimeSpan.Zero).ShouldBeFalse();
        After(ListenerWatch.LongestWork).ShouldBeTrue();
    }

    [Fact]
    public void Should_not_wait_for_messages_of_another_connection()
    {
        using var another = _listeners.Work(Openable.Create<IConnection>(isOpen: true), () => { });
        HalfClose();

        After(TimeSpan.Zero).ShouldBeFalse();
        After(ListenerWatch.Patience).ShouldBeTrue();
    }

    [Fact]
    public void Should_not_take_a_queue_for_lost_while_a_message_is_under_way()
    {
        _listeners.Of(new Uri("rabbitmq://localhost/send-push"));
        using var work = Work();
        Openable.Close(_connection);

        After(TimeSpan.Zero).ShouldBeFalse();
        After(ListenerWatch.LongestAbsence * 5).ShouldBeFalse();
        work.Dispose();

        After(TimeSpan.Zero).ShouldBeFalse();
        After(ListenerWatch.LongestAbsence - TimeSpan.FromSeconds(1)).ShouldBeFalse();
        After(TimeSpan.FromSeconds(1)).ShouldBeTrue();
    }

    [Fact]
    public void Should_start_its_endpoint_anew_only_when_nothing_is_under_way()
    {
        _listeners.Of(new Uri("rabbitmq://localhost/send-push"));
        using var work = Work();
        Openable.Close(_connection);

        _watch.Judge().ShouldBeEmpty();
        _clock.Advance(ListenerWatch.Patience);
        _watch.Judge().ShouldBeEmpty();
        work.Dispose();

        _watch.Judge().ShouldBeEmpty();
        _clock.Advance(ListenerWatch.Patience);
        _watch.Judge().ShouldBe(["send-push"]);
    }

    [Fact]
    public void Should_tell_what_is_under_way_that_its_message_is_given_back()
    {
        using var work = Work();
        using var another = _listeners.Work(
            Openable.Create<IConnection>(isOpen: true),
            () => throw new InvalidOperationException("of another connection")
        );

        _listeners.GiveBack(_connection);

        _givenBack.ShouldBe(1);
    }

    /// <summary>A4: for how long nobody has listened is measured by no clock that somebody may set.</summary>
    [Fact]
    public void Should_not_take_a_queue_for_lost_when_the_clock_is_set_ahead()
    {
        _listeners.Of(new Uri("rabbitmq://localhost/send-push"));

        After(TimeSpan.Zero).ShouldBeFalse();
        _clock.Set(TimeSpan.FromHours(1));
        After(TimeSpan.FromSeconds(1)).ShouldBeFalse();
        _watch.Judge().ShouldBeEmpty();
    }

    /// <summary>A4: nor does it wait for an hour to pass once more.</summary>
    [Fact]
    public void Should_start_an_endpoint_anew_and_end_the_host_when_the_clock_is_set_back()
    {
        _listeners.Of(new Uri("rabbitmq://localhost/send-push"));

        After(TimeSpan.Zero).ShouldBeFalse();
        _clock.Set(TimeSpan.FromHours(-1));
        _clock.Advance(ListenerWatch.Patience);
        _watch.Judge().ShouldBe(["send-push"]);
        After(ListenerWatch.LongestAbsence - ListenerWatch.Patience).ShouldBeTrue();
    }

    /// <summary>A4: nor for a connection that does not close.</summary>
    [Theory, InlineData(1), InlineData(-1)]
    public void Should_count_how_long_a_connection_is_half_closed_by_the_time_that_passes(int hours)
    {
        HalfClose();

        After(TimeSpan.Zero).ShouldBeFalse();
        _clock.Set(TimeSpan.FromHours(hours));
        After(ListenerWatch.Patience / 2).ShouldBeFalse();
        After(ListenerWatch.Patience / 2).ShouldBeTrue();
    }

    void IHostApplicationLifetime.StopApplication() { }

    IDisposable Work() => _listeners.Work(_connection, () => _givenBack++);

    void HalfClose()
    {
        Openable.Close(_connection);
        _listeners.End(_listeners.Of(new Uri("rabbitmq://localhost/send-email")), _channel, _connection);
        _listeners.Of(new Uri("rabbitmq://localhost/send-email")).Begin(_channel, Openable.Create<IConnection>(isOpen: true));
        _listeners.Of(new Uri("rabbitmq://localhost/send-email")).Confirm();
    }

    /// <summary>Whether the watch has given up, after a while in which the broker answered.</summary>
    bool After(TimeSpan time)
    {
        _clock.Advance(time);
        _watch.Judge();
        return _watch.GivenUp.IsCompleted;
    }
}

/// <summary>Something of the client of which no more is asked than whether it is open.</summary>
public class Openable : DispatchProxy
{
    bool _isOpen;

    public static T Create<T>(bool isOpen)
        where T : class
    {
        var made = Create<T, Openable>();
        ((Openable)(object)made)._isOpen = isOpen;
        return made;
    }

    public static void Close(object made) => ((Openable)made)._isOpen = false;

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
        targetMethod!.Name switch
        {
            "get_IsOpen" => _isOpen,
            "get_CloseReason" => null,
            _ => throw new NotSupportedException(targetMethod.Name),
        };
}
