using NotificationBus.Intake;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Intake;

/// <summary>A12: the record does not have what is still in the broker. Until it does, the host that took it knows it.</summary>
public sealed class When_the_broker_has_a_backlog
{
    static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    readonly WatchedClock _clock = new();
    readonly RecentlyAccepted _accepted;

    public When_the_broker_has_a_backlog() => _accepted = new RecentlyAccepted(_clock);

    [Fact]
    public void Should_know_for_a_day_what_came_first()
    {
        var (id, first, other) = (Guid.CreateVersion7(), Guid.CreateVersion7(), Guid.CreateVersion7());
        _accepted.Remember(id, first).ShouldBe(first);

        _clock.Advance(23 * Hour);
        // What the record says counts by its own clock.
        _clock.Set(24 * Hour);
        _accepted.Remember(id, other).ShouldBe(first);
        _accepted.Contains(id).ShouldBeTrue();

        _clock.Advance(Hour);
        _accepted.Contains(id).ShouldBeFalse();
        _accepted.Remember(id, other).ShouldBe(other);
    }

    [Fact]
    public void Should_forget_the_oldest_when_there_is_no_more_room()
    {
        var ids = Enumerable.Range(0, RecentlyAccepted.Most + 2).Select(_ => Guid.NewGuid()).ToList();
        foreach (var id in ids)
            _accepted.Remember(id, id);

        _accepted.Contains(ids[^1]).ShouldBeTrue();
        _accepted.Contains(ids[0]).ShouldBeFalse();
        _accepted.Contains(ids[1]).ShouldBeFalse();
        ids.Count(_accepted.Contains).ShouldBeInRange(RecentlyAccepted.Most - 2, RecentlyAccepted.Most);
    }

    [Fact]
    public void Should_keep_what_was_remembered_anew_after_it_was_not_taken()
    {
        var (id, first, second) = (Guid.CreateVersion7(), Guid.CreateVersion7(), Guid.CreateVersion7());
        _accepted.Remember(id, first);
        _accepted.Forget(id);
        _clock.Advance(12 * Hour);

        _accepted.Remember(id, second).ShouldBe(second);
        _clock.Advance(13 * Hour);

        _accepted.Contains(id).ShouldBeTrue();
    }
}
