using System.Text.Json;
using NotificationBus.Contracts;
using NotificationBus.Intake;
using NotificationBus.Model;
using NotificationBus.Notifications;
using NotificationBus.Outgoing;

namespace NotificationBus.Tests.AnyRecord;

public abstract class When_a_step_is_stored(Func<Task<RecordOfTheTest>> create) : With_a_record(create)
{
    static readonly DateTimeOffset Due = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Should_give_back_all_of_it()
    {
        var notification = new NotificationState
        {
            CorrelationId = Guid.CreateVersion7(),
            CurrentState = "PartlyDelivered",
            EventName = "order-placed",
            EventId = "order-4711",
            Category = "order-placed",
            Recipient = new Contact
            {
                Id = "seller-42",
                Name = "สมชาย 🎏",
                Locale = "th",
                Email = "som@example.com",
                PushTokens = ["one", "two"],
            },
            Data = JsonElement.Parse("""{"b":1.50,"a":"\u0000","a2":1e400}"""),
            RequestedChannels = ["push", "email"],
            Mode = DeliveryMode.FirstThatWorks,
            EscalateAfter = TimeSpan.FromMinutes(5),
            EscalateUnless = DeliveryProof.Read,
            Deliveries =
            [
                new DeliveryState
                {
                    Id = Guid.CreateVersion7(),
                    Channel = "push",
                    Address = "one",
                    Step = 0,
                    Status = DeliveryStatus.Failed,
                    Provider = "p",
                    Reason = "gone",
                    SettledAt = DateTimeOffset.UnixEpoch,
                },
                new DeliveryState
                {
                    Id = Guid.CreateVersion7(),
                    Channel = "email",
                    Address = "som@example.com",
                    Step = 1,
                    Status = DeliveryStatus.Confirmed,
                    Provider = "p",
                    ProviderMessageId = "7",
                    ConfirmedAt = DateTimeOffset.UnixEpoch,
                    ReadAt = DateTimeOffset.UnixEpoch.AddDays(1),
                },
            ],
            Decisions = ["push: planned", "email: planned"],
            LeftOut = [new LeftOut("sms", RefusalCause.Template, "'title' is missing")],
            Fingerprint = Guid.CreateVersion7(),
            Refusal = "none of it",
            CreatedAt = DateTimeOffset.UnixEpoch,
            ExpiresAt = DateTimeOffset.UnixEpoch.AddDays(1),
            CompletedAt = DateTimeOffset.UnixEpoch.AddHours(1),
        };
        var input = Guid.CreateVersion7();

        (await Host.Store.Insert(new NotificationStep(notification, input, []), CancellationToken.None)).ShouldBeTrue();

        var stored = (await AnotherHost.Store.Load(notification.CorrelationId, CancellationToken.None))!;
        stored.Version.ShouldBe(1);
        stored.ProcessedMessageIds.ShouldBe([input]);
        JsonSerializer.Serialize(stored).ShouldBe(JsonSerializer.Serialize(notification));
    }

    /// <summary>A12: one key, two bodies.</summary>
    [Fact]
    public async Task Should_be_found_when_its_event_comes_again()
    {
        var (open, ended) = (Notification(Guid.CreateVersion7()), Notification(Guid.CreateVersion7()));
        open.Fingerprint = Guid.CreateVersion7();
        (ended.CurrentState, ended.CompletedAt) = ("Delivered", DateTimeOffset.UnixEpoch);
        foreach (var notification in (NotificationState[])[open, ended])
            await Host.Store.Insert(new NotificationStep(notification, Guid.CreateVersion7(), []), CancellationToken.None);

        var record = (IEarlierNotifications)AnotherHost.Store;
        var (one, other, none) = (
            record.FindEarlier(open.CorrelationId, CancellationToken.None),
            record.FindEarlier(ended.CorrelationId, CancellationToken.None),
            record.FindEarlier(Guid.CreateVersion7(), CancellationToken.None)
        );
        (await one).ShouldBe(new EarlierNotification("Sending", HasEnded: false, open.Fingerprint));
        (await other).ShouldBe(new EarlierNotification("Delivered", HasEnded: true, Fingerprint: null));
        (await none).ShouldBeNull();
    }

    [Fact]
    public async Task Should_be_looked_at_again_when_it_goes_on_after_the_end()
    {
        var ids = new[] { await BeginEnded(), await BeginEnded() };
        (await Host.Unfinished.LookAtThoseOf(Hour, 10, CancellationToken.None)).ShouldBe(2);

        (await GoOn(ids[0])).ShouldBeTrue();

        await AnotherHost.Unfinished.LookAtThoseOf(Hour, 10, CancellationToken.None);
        (await AnotherHost.Unfinished.Take(Hour, 10, CancellationToken.None)).Unattended.ShouldBeEmpty();
        await Record.Pass(NotificationStep.LookAgainAfter);
        (await AnotherHost.Unfinished.Take(Hour, 10, CancellationToken.None)).Unattended.ShouldBe([ids[0]]);
    }

    /// <summary>What ends a second time may have to be opened a second time, before the sweep has seen the first.</summary>
    [Fact]
    public async Task Should_be_looked_at_again_once_when_it_goes_on_after_the_end_more_than_once()
    {
        var id = await BeginEnded();
        for (var time = 0; time < 2; time++)
        {
            await GoOn(id);
            var ends = (await Host.Store.Load(id, CancellationToken.None))!;
            ends.CompletedAt = DateTimeOffset.UnixEpoch;
            (await Host.Store.Update(new NotificationStep(ends, Guid.CreateVersion7(), []), CancellationToken.None)).ShouldBeTrue();
        }

        await GoOn(id);

        await AnotherHost.Unfinished.LookAtThoseOf(Hour, 10, CancellationToken.None);
        await Record.Pass(NotificationStep.LookAgainAfter);
        var stragglers = await AnotherHost.Unfinished.Take(Hour, 10, CancellationToken.None);
        stragglers.LookedAt.ShouldBe(1);
        stragglers.Unattended.ShouldBe([id]);
    }

    /// <summary>Its step may share a statement with one that goes on after the end.</summary>
    [Fact]
    public async Task Should_not_be_looked_at_again_when_it_only_schedules_something()
    {
        var (goesOn, young) = (await BeginEnded(), Notification(Guid.CreateVersion7()));
        young.CreatedAt = Record.Now;
        await Host.Store.Insert(new NotificationStep(young, Guid.CreateVersion7(), []), CancellationToken.None);
        var schedules = (await Host.Store.Load(young.CorrelationId, CancellationToken.None))!;

        (
            await Task.WhenAll(
                GoOn(goesOn),
                Host.Store.Update(
                    new NotificationStep(schedules, Guid.CreateVersion7(), [Message(Record.Now + Hour)]),
                    CancellationToken.None
                )
            )
        ).ShouldAllBe(stored => stored);

        await AnotherHost.Unfinished.LookAtThoseOf(Hour, 10, CancellationToken.None);
        await Record.Pass(NotificationStep.LookAgainAfter);
        var stragglers = await AnotherHost.Unfinished.Take(Hour, 10, CancellationToken.None);
        stragglers.LookedAt.ShouldBe(1, "the sweep comes to the young one when it is older");
        stragglers.Unattended.ShouldBe([goesOn]);
    }

    [Fact]
    public async Task Should_know_nothing_of_what_was_never_stored() =>
        (await Host.Store.Load(Guid.CreateVersion7(), CancellationToken.None)).ShouldBeNull();

    [Fact]
    public async Task Should_store_nothing_of_a_notification_that_is_there_already()
    {
        var (id, first, second) = (Guid.CreateVersion7(), Message(Due), Message(Due));
        var (firstInput, secondInput) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        (await Insert(id, firstInput, first)).ShouldBeTrue();
        var late = Notification(id);
        late.CurrentState = "Failed";

        (await AnotherHost.Store.Insert(new NotificationStep(late, secondInput, [second]), CancellationToken.None)).ShouldBeFalse();

        var stored = (await Host.Store.Load(id, CancellationToken.None))!;
        (stored.CurrentState, stored.Version).ShouldBe(("Sending", 1));
        stored.ProcessedMessageIds.ShouldBe([firstInput]);
        (await TakeAll()).ShouldBe([first.MessageId]);
    }

    [Fact]
    public async Task Should_store_the_next_step_with_its_messages()
    {
        var (id, first, second) = (Guid.CreateVersion7(), Message(Due), Message(Due));
        await Insert(id, first);
        var (notification, input) = ((await Host.Store.Load(id, CancellationToken.None))!, Guid.CreateVersion7());
        notification.CurrentState = "Delivered";
        notification.CompletedAt = DateTimeOffset.UnixEpoch.AddHours(1);
        notification.EscalationToken = second.Token;

        (await Host.Store.Update(new NotificationStep(notification, input, [second]), CancellationToken.None)).ShouldBeTrue();

        var stored = (await AnotherHost.Store.Load(id, CancellationToken.None))!;
        (stored.CurrentState, stored.Version, stored.CompletedAt, stored.EscalationToken).ShouldBe(
            ("Delivered", 2, DateTimeOffset.UnixEpoch.AddHours(1), second.Token)
        );
        stored.ProcessedMessageIds[^1].ShouldBe(input);
        (await TakeAll()).ShouldBe([first.MessageId, second.MessageId], ignoreOrder: true);
    }

    [Fact]
    public async Task Should_store_nothing_when_somebody_else_wrote_since()
    {
        var (id, second, late) = (Guid.CreateVersion7(), Message(Due), Message(Due));
        await Insert(id);
        var mine = (await Host.Store.Load(id, CancellationToken.None))!;
        var theirs = (await AnotherHost.Store.Load(id, CancellationToken.None))!;
        var (myInput, theirInput) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        (await AnotherHost.Store.Update(new NotificationStep(theirs, theirInput, [second]), CancellationToken.None)).ShouldBeTrue();
        mine.CurrentState = "Failed";

        (await Host.Store.Update(new NotificationStep(mine, myInput, [late]), CancellationToken.None)).ShouldBeFalse();

        var stored = (await Host.Store.Load(id, CancellationToken.None))!;
        (stored.CurrentState, stored.Version).ShouldBe(("Sending", 2));
        stored.ProcessedMessageIds.ShouldContain(theirInput);
        stored.ProcessedMessageIds.ShouldNotContain(myInput);
        (await TakeAll()).ShouldBe([second.MessageId]);
    }

    [Fact]
    public async Task Should_answer_each_when_many_ask_for_different_things_at_once()
    {
        var known = new List<NotificationState>();
        foreach (var id in Enumerable.Range(0, 20).Select(_ => Guid.CreateVersion7()))
        {
            await Insert(id);
            known.Add((await Host.Store.Load(id, CancellationToken.None))!);
        }

        var (begun, goesOn) = (known[..10], known[10..]);
        var newIds = Enumerable.Range(0, 20).Select(_ => Guid.CreateVersion7()).ToList();

        var again = Task.WhenAll(begun.Select(notification => Insert(notification.CorrelationId)));
        var inserts = Task.WhenAll(newIds.Select(id => Insert(id)));
        var updates = Task.WhenAll(
            goesOn.Select(notification =>
                Host.Store.Update(new NotificationStep(notification, Guid.CreateVersion7(), []), CancellationToken.None)
            )
        );
        var loads = Task.WhenAll(begun.Select(notification => Host.Store.Load(notification.CorrelationId, CancellationToken.None)));
        var unknown = Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Host.Store.Load(Guid.CreateVersion7(), CancellationToken.None)));

        (await again).ShouldAllBe(stored => !stored);
        (await inserts).ShouldAllBe(stored => stored);
        (await updates).ShouldAllBe(stored => stored);
        (await loads).Select(loaded => loaded!.CorrelationId).ShouldBe(begun.Select(notification => notification.CorrelationId));
        (await unknown).ShouldAllBe(loaded => loaded == null);
        var versions = await Task.WhenAll(
            goesOn.Select(async notification => (await AnotherHost.Store.Load(notification.CorrelationId, CancellationToken.None))!.Version)
        );
        versions.ShouldAllBe(version => version == 2);
    }

    /// <summary>
    /// Those that are stored together, whenever they began, have messages of their own, and those that are not have none.
    /// </summary>
    [Fact]
    public async Task Should_schedule_what_each_says_when_many_are_stored_at_once()
    {
        var (there, begins) = (Enumerable.Range(0, 10).Select(_ => Guid.CreateVersion7()).ToList(), Guid.CreateVersion7());
        foreach (var (days, id) in there.Index())
        {
            var began = Notification(id);
            began.CreatedAt = DateTimeOffset.UnixEpoch.AddDays(days + 1);
            await Host.Store.Insert(new NotificationStep(began, Guid.CreateVersion7(), []), CancellationToken.None);
        }

        var (goOn, lose) = (await Load(there), await Load(there));
        var (first, next) = (Message(Due), there.Select(_ => Message(Due)).ToList());

        (await Task.WhenAll([.. there.Select(id => Insert(id)), Insert(Guid.CreateVersion7())])).ShouldBe([
            .. there.Select(_ => false),
            true,
        ]);
        (await Task.WhenAll([.. there.Select(id => Insert(id, Message(Due))), Insert(begins, first)])).ShouldBe([
            .. there.Select(_ => false),
            true,
        ]);
        (await Task.WhenAll(goOn.Zip(next, (notification, message) => Update(notification, [message])))).ShouldAllBe(stored => stored);
        var ends = (await Load([begins])).Single();
        (
            await Task.WhenAll([
                .. lose.Zip(next, (notification, message) => Update(notification, [Message(Due)], [message.Token])),
                Update(ends, [], [Guid.CreateVersion7()]),
            ])
        ).ShouldBe([.. lose.Select(_ => false), true]);

        (await TakeAll()).ShouldBe([first.MessageId, .. next.Select(message => message.MessageId)], ignoreOrder: true);

        async Task<NotificationState[]> Load(List<Guid> ids) =>
            [.. (await Task.WhenAll(ids.Select(id => Host.Store.Load(id, CancellationToken.None)))).Select(one => one!)];

        Task<bool> Update(
            NotificationState notification,
            IReadOnlyList<OutgoingMessage> scheduled,
            IReadOnlyList<Guid>? cancelled = null
        ) =>
            Host.Store.Update(
                new NotificationStep(notification, Guid.CreateVersion7(), scheduled) { Cancelled = cancelled ?? [] },
                CancellationToken.None
            );
    }

    [Fact]
    public async Task Should_store_no_later_step_of_a_notification_that_never_began()
    {
        (
            await Host.Store.Update(
                new NotificationStep(Notification(Guid.CreateVersion7()), Guid.CreateVersion7(), [Message(Due)]),
                CancellationToken.None
            )
        ).ShouldBeFalse();

        (await TakeAll()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_let_one_of_many_begin_a_notification()
    {
        var id = Guid.CreateVersion7();

        var stored = await Task.WhenAll(
            Enumerable
                .Range(0, 50)
                .Select(i =>
                    Task.Run(() =>
                        (i % 2 == 0 ? Host : AnotherHost).Store.Insert(
                            new NotificationStep(Notification(id), Guid.CreateVersion7(), [Message(Due)]),
                            CancellationToken.None
                        )
                    )
                )
        );

        stored.Count(won => won).ShouldBe(1);
        (await TakeAll()).Count.ShouldBe(1);
    }

    [Fact]
    public async Task Should_let_one_of_many_make_the_next_step_and_store_nothing_of_the_others()
    {
        var id = Guid.CreateVersion7();
        await Insert(id);
        var loaded = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Host.Store.Load(id, CancellationToken.None)));

        var stored = await Task.WhenAll(
            loaded.Select(
                (notification, i) =>
                    Task.Run(() =>
                        (i % 2 == 0 ? Host : AnotherHost).Store.Update(
                            new NotificationStep(notification!, Guid.CreateVersion7(), [Message(Due)]),
                            CancellationToken.None
                        )
                    )
            )
        );

        stored.Count(won => won).ShouldBe(1);
        (await TakeAll()).Count.ShouldBe(1);
        var now = (await Host.Store.Load(id, CancellationToken.None))!;
        now.Version.ShouldBe(2);
        now.ProcessedMessageIds.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Should_keep_nothing_that_is_changed_without_being_stored()
    {
        var id = Guid.CreateVersion7();
        await Insert(id);
        (await Host.Store.Load(id, CancellationToken.None))!.CurrentState = "Failed";

        (await Host.Store.Load(id, CancellationToken.None))!.CurrentState.ShouldBe("Sending");
    }

    [Fact]
    public async Task Should_tell_which_of_its_deliveries_are_put_off()
    {
        var (id, delivery) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        await Insert(id, Message(Due, "exchange:notifications") with { Body = Command(Guid.CreateVersion7()) });
        await Schedule(PutOff(id, delivery), PutOff(Guid.CreateVersion7(), Guid.CreateVersion7()));

        (await AnotherHost.Outgoing.WaitingOf(id, CancellationToken.None)).ShouldHaveSingleItem().DeliveryId.ShouldBe(delivery);
        (await Host.Outgoing.WaitingOf(Guid.CreateVersion7(), CancellationToken.None)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_forget_what_was_published()
    {
        var (id, published, lost) = (Guid.CreateVersion7(), Guid.CreateVersion7(), Guid.CreateVersion7());
        await Insert(id);
        await Schedule(PutOff(id, published), PutOff(id, lost));
        var first = (await Host.Outgoing.TakeDue(Lease, 10, CancellationToken.None)).Single(message =>
            message.Body.Span.SequenceEqual(Command(published))
        );

        await Host.Outgoing.Published([first]);

        // It may do so later.
        var waiting = System.Diagnostics.Stopwatch.StartNew();
        while ((await Host.Outgoing.WaitingOf(id, CancellationToken.None)).Count > 1 && waiting.Elapsed < Patience)
            await Task.Delay(10);
        (await Host.Outgoing.WaitingOf(id, CancellationToken.None)).ShouldHaveSingleItem().DeliveryId.ShouldBe(lost);
        (await TakeAll()).ShouldNotContain(first.MessageId);
    }

    async Task<Guid> BeginEnded()
    {
        var ended = Notification(Guid.CreateVersion7());
        ended.CompletedAt = DateTimeOffset.UnixEpoch;
        (await Host.Store.Insert(new NotificationStep(ended, Guid.CreateVersion7(), []), CancellationToken.None)).ShouldBeTrue();
        return ended.CorrelationId;
    }

    async Task<bool> GoOn(Guid ended)
    {
        var goesOn = (await Host.Store.Load(ended, CancellationToken.None))!;
        goesOn.CompletedAt = null;
        return await Host.Store.Update(new NotificationStep(goesOn, Guid.CreateVersion7(), []) { Reopens = true }, CancellationToken.None);
    }

    static OutgoingMessage PutOff(Guid notificationId, Guid deliveryId) =>
        Message(Due) with
        {
            NotificationId = notificationId,
            Body = Command(deliveryId),
        };

    static byte[] Command(Guid deliveryId) => System.Text.Encoding.UTF8.GetBytes($$$"""{"message":{"deliveryId":"{{{deliveryId}}}"}}""");
}
