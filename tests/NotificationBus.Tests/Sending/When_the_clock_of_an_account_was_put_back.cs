using NotificationBus.Providers.Accounts;

namespace NotificationBus.Tests.Sending;

/// <summary>A4: a time that is further away than it was ever set to is over.</summary>
public sealed class When_the_clock_of_an_account_was_put_back
{
    static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    static readonly DateTimeOffset Noon = new(2026, 3, 14, 12, 0, 0, TimeSpan.Zero);
    static readonly ProviderHealth Open = ProviderHealth.Unknown.Opened(Noon, Minute, "it does not answer", needsAttention: false);

    [Theory]
    [InlineData(0, 60)]
    [InlineData(-2, 62)]
    [InlineData(-3, null)]
    [InlineData(59, 1)]
    [InlineData(60, null)]
    public void Should_wait_no_longer_than_was_ever_meant(int seconds, int? left)
    {
        var now = Noon + (seconds * Second);
        var expected = left * Second;
        var probed = Open.Opened(Noon, TimeSpan.Zero, "again", needsAttention: false).TryProbe(Noon, Minute, out _);

        Open.RemainingBreak(now).ShouldBe(expected);
        probed.RemainingBreak(now).ShouldBe(expected);
        ProviderHealth.Unknown.Paused(Noon, Minute, "too many", cut: null).RemainingPause(now).ShouldBe(expected);
        Open.By(now, Noon).OpenUntil.ShouldBe(expected is { } wait ? Noon + wait : default);
        Open.TryProbe(now, Minute, out var granted).CircuitOpen.ShouldBeTrue();
        granted.ShouldBe(left is null);
    }

    [Fact]
    public void Should_take_the_next_complaint_for_the_first_and_pause_for_as_long_as_that_says()
    {
        var cut = new RateCut(TooMuch: 16, Factor: 0.5, Least: 0.1, Limit: null);
        var paused = ProviderHealth.Unknown.Paused(Noon, Minute, "too many", cut);

        var again = paused.Paused(Noon - Minute, Second, "again", cut);

        (again.RemainingPause(Noon - Minute), again.LearnedPerSecond).ShouldBe((Second, 4));
    }
}
