using NotificationBus.Providers.Accounts;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Sending;

/// <summary>What an account was called lately is what it complains about.</summary>
public sealed class When_calls_are_counted
{
    readonly FakeTimeProvider _clock = new(A.Time);
    readonly CallMeter _meter;

    public When_calls_are_counted() => _meter = new CallMeter(_clock);

    [Fact]
    public void Should_count_those_of_the_last_ten_seconds()
    {
        Count(3);
        Pass(9);
        Count(2);
        _meter.Calls.ShouldBe(5);

        Pass(1);
        _meter.Calls.ShouldBe(2, "the first are ten seconds old");

        Pass(9);
        _meter.Calls.ShouldBe(0);
    }

    [Fact]
    public void Should_say_how_many_a_second_since_the_first_of_them()
    {
        Count(30);
        _meter.PerSecond.ShouldBe(30, "what has just begun is not slow");

        Pass(2);
        _meter.PerSecond.ShouldBe(10);

        Pass(7);
        Count(30);
        _meter.PerSecond.ShouldBe(6);
    }

    [Fact]
    public void Should_forget_all_after_a_long_silence()
    {
        Count(30);

        Pass(3600);

        (_meter.Calls, _meter.PerSecond).ShouldBe((0, 0));
    }

    [Fact]
    public void Should_not_be_led_astray_by_a_clock_that_is_put_back()
    {
        Count(3);
        _clock.AdjustTime(_clock.GetUtcNow().AddHours(-1));
        Count(2);

        _meter.Calls.ShouldBeInRange(2, 5);
        Pass(10);
        _meter.Calls.ShouldBe(0);
    }

    void Count(int calls)
    {
        for (var i = 0; i < calls; i++)
            _meter.Count();
    }

    void Pass(double seconds) => _clock.Advance(TimeSpan.FromSeconds(seconds));
}
