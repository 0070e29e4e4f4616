using System.Data.Common;
using NotificationBus.Intake;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Intake;

/// <summary>A12: whether an event came before is asked of the record, and never waited for.</summary>
public sealed class When_the_record_does_not_answer
{
    readonly WatchedClock _clock = new();
    readonly Record _record = new();

    [Fact]
    public async Task Should_take_the_event_and_leave_the_record_alone_for_a_while()
    {
        var repetitions = new Repetitions(_record, new RecentlyAccepted(_clock), _clock);

        (await repetitions.Find(Guid.CreateVersion7())).ShouldBeNull();
        (await repetitions.Find(Guid.CreateVersion7())).ShouldBeNull();
        _record.Asked.ShouldBe(1);

        _clock.Advance(TimeSpan.FromSeconds(5));
        _record.Answer = new EarlierNotification("Sending", HasEnded: false, Fingerprint: null);
        (await repetitions.Find(Guid.CreateVersion7())).ShouldBe(_record.Answer);
        (await repetitions.Find(Guid.CreateVersion7())).ShouldBe(_record.Answer);
        _record.Asked.ShouldBe(3);
    }

    /// <summary>A4: nor for longer when the clock is set back meanwhile.</summary>
    [Fact]
    public async Task Should_ask_again_when_the_clock_was_set_back()
    {
        var repetitions = new Repetitions(_record, new RecentlyAccepted(_clock), _clock);
        await repetitions.Find(Guid.CreateVersion7());

        _clock.Set(TimeSpan.FromHours(-1));
        _clock.Advance(TimeSpan.FromSeconds(5));
        await repetitions.Find(Guid.CreateVersion7());

        _record.Asked.ShouldBe(2);
    }

    [Fact]
    public async Task Should_not_wait_for_one_that_hangs()
    {
        _record.Hangs = true;
        var asked = new Repetitions(_record, new RecentlyAccepted(_clock), _clock).Find(Guid.CreateVersion7());

        asked.IsCompleted.ShouldBeFalse();
        _clock.Advance(TimeSpan.FromMilliseconds(500));

        (await asked).ShouldBeNull();
    }

    sealed class Record : IEarlierNotifications
    {
        public EarlierNotification? Answer { get; set; }

        public bool Hangs { get; set; }

        public int Asked { get; private set; }

        public async Task<EarlierNotification?> FindEarlier(Guid notificationId, CancellationToken cancellationToken)
        {
            Asked++;
            if (Hangs)
                await Task.Delay(Timeout.Infinite, cancellationToken);
            return Answer ?? throw new Away();
        }
    }

    sealed class Away : DbException;
}
