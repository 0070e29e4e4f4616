using NotificationBus.Model;
using NotificationBus.Notifications;
using NotificationBus.Outgoing;

namespace NotificationBus.Tests.AnyRecord;

/// <summary>What is kept under one token, for one notification after the other.</summary>
public abstract class When_timers_are_set_anew(Func<Task<RecordOfTheTest>> create) : With_a_record(create)
{
    /// <summary>Tests that do not bite: the broker's confirm of what was published before takes nothing of what was set since.</summary>
    [Fact]
    public async Task Should_be_kept_when_what_it_said_before_is_confirmed()
    {
        var (timer, other) = (PutOff(), PutOff());
        await Schedule(timer, other);
        var published = await Host.Outgoing.TakeDue(Lease, 10, CancellationToken.None);
        published.Select(message => message.Revision).ShouldBe([0, 0]);

        await AnotherHost.Outgoing.Reschedule(timer with { DueAt = Record.Now + Hour }, CancellationToken.None);
        await Host.Outgoing.Published([.. published.OrderBy(message => message.MessageId == other.MessageId)]);

        await UntilForgotten(other);
        var again = (await Taken(2 * Hour)).ShouldHaveSingleItem();
        (again.MessageId, again.Revision).ShouldBe((timer.MessageId, 1));
        await Host.Outgoing.Published([again]);
        await UntilForgotten(timer);
    }

    [Fact]
    public async Task Should_say_what_was_said_last_when_that_is_due()
    {
        var token = Guid.CreateVersion7();
        await Host.Outgoing.Reschedule(Message(Record.Now + 3 * Hour) with { Token = token }, CancellationToken.None);
        var last = Message(Record.Now + Hour, "exchange:notifications") with
        {
            Token = token,
            ContentType = "application/other",
            MessageTypes = "urn:message:Other",
            Body = "{}"u8.ToArray(),
        };

        await AnotherHost.Outgoing.Reschedule(last, CancellationToken.None);

        var taken = (await Taken(Hour)).ShouldHaveSingleItem();
        (taken.Token, taken.MessageId, taken.Destination, taken.ContentType, taken.MessageTypes, taken.Revision).ShouldBe(
            (token, last.MessageId, last.Destination, last.ContentType, last.MessageTypes, 1)
        );
        taken.Body.ToArray().ShouldBe(last.Body.ToArray());
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Should_say_what_a_step_has_said_last(bool isTheFirst)
    {
        var (id, earlier) = (Guid.CreateVersion7(), PutOff() with { Token = Guid.CreateVersion7(), DueAt = Record.Now + 3 * Hour });
        if (!isTheFirst)
            await Insert(id);
        await Host.Outgoing.Reschedule(earlier, CancellationToken.None);
        var last = PutOff() with
        {
            Token = earlier.Token,
            Destination = "exchange:send-sms",
            ContentType = "application/other",
            MessageTypes = "urn:message:Other",
            DueAt = Record.Now + Hour,
        };

        if (isTheFirst)
            await Insert(id, last);
        else
            await Step(id, scheduled: [last]);

        (await AnotherHost.Outgoing.WaitingOf(earlier.NotificationId!.Value, CancellationToken.None)).ShouldBeEmpty();
        (await AnotherHost.Outgoing.WaitingOf(id, CancellationToken.None)).ShouldHaveSingleItem();
        var taken = (await Taken(Hour)).ShouldHaveSingleItem();
        (taken.Token, taken.MessageId, taken.Destination, taken.ContentType, taken.MessageTypes, taken.Revision).ShouldBe(
            (last.Token, last.MessageId, last.Destination, last.ContentType, last.MessageTypes, 1)
        );
        taken.Body.ToArray().ShouldBe(last.Body.ToArray());
    }

    [Fact]
    public async Task Should_belong_to_the_step_that_set_it_last()
    {
        var (id, timer) = (Guid.CreateVersion7(), Message(Record.Now + Hour));
        await Insert(id, timer);

        await Step(id, scheduled: [timer with { DueAt = Record.Now + 3 * Hour }]);

        (await Taken(2 * Hour)).ShouldBeEmpty();
        (await Taken(Hour)).ShouldHaveSingleItem().Revision.ShouldBe(1);
    }

    [Fact]
    public async Task Should_keep_another_name_on_the_wire_than_it_is_kept_under()
    {
        var (id, timer) = (Guid.CreateVersion7(), Message(Record.Now) with { Token = Guid.CreateVersion7() });

        await Insert(id, timer);

        var taken = (await Taken(Second)).ShouldHaveSingleItem();
        (taken.Token, taken.MessageId).ShouldBe((timer.Token, timer.MessageId));
    }

    [Fact]
    public async Task Should_be_due_at_once_when_a_step_names_no_time()
    {
        var message = Message();

        await Insert(Guid.CreateVersion7(), message);

        (await TakeDue()).ShouldBe([message.MessageId]);
    }

    [Fact]
    public async Task Should_be_stopped_by_a_step_that_does_not_want_it_any_more()
    {
        var (id, other) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        var (stopped, kept, theirs) = (Message(Record.Now), Message(Record.Now + Second), Message(Record.Now + 2 * Second));
        await Insert(id, stopped, kept);
        await Insert(other, theirs);

        await Step(id, cancelled: [stopped.Token]);

        (await Taken(Hour)).Select(message => message.MessageId).ShouldBe([kept.MessageId, theirs.MessageId]);
    }

    [Fact]
    public async Task Should_stay_when_the_step_that_stops_it_is_not_stored()
    {
        var (id, timer) = (Guid.CreateVersion7(), Message(Record.Now));
        await Insert(id, timer);
        var mine = (await Host.Store.Load(id, CancellationToken.None))!;
        await Step(id);

        (
            await Host.Store.Update(
                new NotificationStep(mine, Guid.CreateVersion7(), []) { Cancelled = [timer.Token] },
                CancellationToken.None
            )
        ).ShouldBeFalse();

        (await Taken(Hour)).ShouldHaveSingleItem().MessageId.ShouldBe(timer.MessageId);
    }

    /// <summary>Two steps at the same moment, of which one ends its notification and the other does not.</summary>
    [Fact]
    public async Task Should_all_be_called_off_when_the_notification_has_ended_and_nobody_else_s()
    {
        var ids = Enumerable.Range(0, 6).Select(_ => Guid.CreateVersion7()).ToList();
        var messages = ids.Select(_ => Message(Record.Now + Hour)).ToList();
        var putOff = ids.Select(id => Message(Record.Now + Hour) with { NotificationId = id }).ToList();
        foreach (var (index, id) in ids.Index())
            await Insert(id, messages[index]);
        await Schedule([.. putOff]);

        await Task.WhenAll(
            ids.Index()
                .Select(one =>
                    Step(
                        one.Item,
                        change: notification =>
                        {
                            notification.EscalateAfter = Hour;
                            notification.CompletedAt = one.Index % 2 == 0 ? DateTimeOffset.UnixEpoch : null;
                        }
                    )
                )
        );

        (await Taken(2 * Hour))
            .Select(message => message.MessageId)
            .ShouldBe(
                [
                    .. Enumerable
                        .Range(0, 6)
                        .Where(index => index % 2 == 1)
                        .SelectMany(index => (Guid[])[messages[index].MessageId, putOff[index].MessageId]),
                ],
                ignoreOrder: true
            );
    }

    async Task Step(
        Guid id,
        IReadOnlyList<OutgoingMessage>? scheduled = null,
        IReadOnlyList<Guid>? cancelled = null,
        Action<NotificationState>? change = null
    )
    {
        var notification = (await Host.Store.Load(id, CancellationToken.None))!;
        change?.Invoke(notification);
        (
            await Host.Store.Update(
                new NotificationStep(notification, Guid.CreateVersion7(), scheduled ?? []) { Cancelled = cancelled ?? [] },
                CancellationToken.None
            )
        ).ShouldBeTrue();
    }

    async Task<IReadOnlyList<OutgoingMessage>> Taken(TimeSpan after)
    {
        await Record.Pass(after);
        return await AnotherHost.Outgoing.TakeDue(Lease, 100, CancellationToken.None);
    }

    OutgoingMessage PutOff() =>
        Message(Record.Now) with
        {
            NotificationId = Guid.CreateVersion7(),
            Body = System.Text.Encoding.UTF8.GetBytes($$$"""{"message":{"deliveryId":"{{{Guid.CreateVersion7()}}}"}}"""),
        };

    /// <summary>It may be forgotten later.</summary>
    async Task UntilForgotten(OutgoingMessage message)
    {
        var waiting = System.Diagnostics.Stopwatch.StartNew();
        while (await IsKept() && waiting.Elapsed < Patience)
            await Task.Delay(10);
        (await IsKept()).ShouldBeFalse();

        async Task<bool> IsKept() =>
            (await AnotherHost.Outgoing.WaitingOf(message.NotificationId!.Value, CancellationToken.None)).Count > 0;
    }
}
