using Microsoft.Extensions.Logging.Abstractions;
using NotificationBus.Intake;

namespace NotificationBus.Tests.Intake;

public sealed class When_accepted_notifications_are_remembered
{
    readonly FakeTimeProvider _clock = new(TestKit.A.Time);
    readonly Record _record = new();
    readonly Guid _id = Guid.CreateVersion7();
    readonly Guid _messageId = Guid.CreateVersion7();

    [Fact]
    public async Task Should_look_for_each_once_with_its_message_and_its_age()
    {
        using var log = Log();
        log.Add(_id, _messageId);
        _clock.Advance(TimeSpan.FromSeconds(3));

        await log.Look(CancellationToken.None);
        await log.Look(CancellationToken.None);

        _record.Asked.ShouldHaveSingleItem().ShouldHaveSingleItem().ShouldBe(new(_id, _messageId, TimeSpan.FromSeconds(3)));
    }

    [Fact]
    public async Task Should_look_again_for_those_for_which_the_record_did_not_answer()
    {
        using var log = Log();
        log.Add(_id, _messageId);
        _record.IsAway = true;
        await Should.ThrowAsync<TimeoutException>(() => log.Look(CancellationToken.None));

        _record.IsAway = false;
        await log.Look(CancellationToken.None);

        _record.Asked.ShouldHaveSingleItem().ShouldHaveSingleItem().Id.ShouldBe(_id);
    }

    [Fact]
    public async Task Should_look_for_many_a_few_thousand_at_a_time()
    {
        using var log = Log();
        for (var i = 0; i < 12_001; i++)
            log.Add(Guid.CreateVersion7());

        await log.Look(CancellationToken.None);

        _record.Asked.Select(batch => batch.Count).ShouldBe([5_000, 5_000, 2_001]);
        _record.Asked.SelectMany(batch => batch).Select(one => one.Id).Distinct().Count().ShouldBe(12_001);
    }

    [Fact]
    public async Task Should_forget_the_oldest_when_there_are_too_many()
    {
        using var log = Log();
        log.Add(_id);
        for (var i = 0; i < AcceptanceLog.Most; i++)
            log.Add(_messageId);

        await log.Look(CancellationToken.None);

        var asked = _record.Asked.SelectMany(batch => batch).ToList();
        asked.Count.ShouldBe(AcceptanceLog.Most);
        asked.ShouldAllBe(one => one.Id == _messageId);
    }

    [Fact]
    public async Task Should_look_for_the_last_when_the_host_stops()
    {
        using var log = Log();
        await log.StartAsync(CancellationToken.None);
        log.Add(_id, _messageId);

        await log.StopAsync(CancellationToken.None);

        _record.Asked.ShouldHaveSingleItem().ShouldHaveSingleItem().Id.ShouldBe(_id);
    }

    AcceptanceLog Log() => new(_record, _clock, NullLogger<AcceptanceLog>.Instance);

    sealed class Record : IUnrecordedNotifications
    {
        public List<IReadOnlyList<PromisedNotification>> Asked { get; } = [];

        public bool IsAway { get; set; }

        public Task Note(IReadOnlyList<PromisedNotification> accepted, CancellationToken cancellationToken)
        {
            if (IsAway)
                throw new TimeoutException();
            Asked.Add(accepted);
            return Task.CompletedTask;
        }
    }
}
