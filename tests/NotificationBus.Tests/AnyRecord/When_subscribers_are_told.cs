using NotificationBus.Model;
using NotificationBus.Notifications;
using NotificationBus.Providers.Controls;
using NotificationBus.Subscriptions;

namespace NotificationBus.Tests.AnyRecord;

public abstract class When_subscribers_are_told(Func<Task<RecordOfTheTest>> create) : With_a_record(create)
{
    const int Many = 100;

    static readonly ChangedBy By = new("ann", "a test");

    [Fact]
    public async Task Should_tell_each_of_them_what_was_stored_numbered_without_a_gap()
    {
        var (one, other) = (await Subscribe(), await Subscribe());
        var notification = Notification(Guid.CreateVersion7());
        var id = notification.CorrelationId;

        (await Host.Store.Insert(Step(notification, Told(one, id, 1), Told(other, id, 1)), CancellationToken.None)).ShouldBeTrue();
        var next = (await AnotherHost.Store.Load(id, CancellationToken.None))!;
        (await AnotherHost.Store.Update(Step(next, Told(one, id, 1), Told(one, id, 2)), CancellationToken.None)).ShouldBeTrue();
        var last = (await Host.Store.Load(id, CancellationToken.None))!;
        (await Host.Store.Update(Step(last, Told(one, id, 1), Told(other, id, 1)), CancellationToken.None)).ShouldBeTrue();

        (await List(one)).Select(told => told.Sequence).ShouldBe([1, 2, 3, 4], ignoreOrder: true);
        (await List(other)).Select(told => told.Sequence).ShouldBe([1, 2], ignoreOrder: true);
        (await List(one)).ShouldAllBe(told => told.Data == """{"a":"é"}""" && told.Type == HeardEvents.DeliverySent);
    }

    [Fact]
    public async Task Should_tell_nothing_of_a_step_that_was_not_stored()
    {
        var one = await Subscribe();
        var notification = Notification(Guid.CreateVersion7());
        await Host.Store.Insert(Step(notification), CancellationToken.None);
        var (first, late) = (
            (await Host.Store.Load(notification.CorrelationId, CancellationToken.None))!,
            (await Host.Store.Load(notification.CorrelationId, CancellationToken.None))!
        );
        (await Host.Store.Update(Step(first), CancellationToken.None)).ShouldBeTrue();

        (await AnotherHost.Store.Update(Step(late, Told(one, notification.CorrelationId, 1)), CancellationToken.None)).ShouldBeFalse();
        var again = Notification(notification.CorrelationId);
        (await AnotherHost.Store.Insert(Step(again, Told(one, notification.CorrelationId, 1)), CancellationToken.None)).ShouldBeFalse();

        (await List(one)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_tell_nothing_to_one_that_is_disabled_or_gone()
    {
        var (disabled, gone) = (await Subscribe(), await Subscribe());
        await Host.Subscribers.Disable(disabled, "answered 410", CancellationToken.None);
        (await Host.Subscribers.Remove(gone, By, CancellationToken.None)).ShouldBeTrue();

        await Store(Told(disabled), Told(gone));

        (await List(disabled)).ShouldBeEmpty();
        (await List(gone)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_give_what_is_due_to_one_host_and_the_next_of_a_notification_only_when_the_one_before_is_settled()
    {
        var one = await Subscribe();
        var id = Guid.CreateVersion7();
        await Host.Store.Insert(Step(Notification(id), Told(one, id, 1), Told(one, id, 2)), CancellationToken.None);

        (await Host.Webhooks.WithDue(CancellationToken.None)).ShouldBe([one]);
        var first = (await Take(one)).ShouldHaveSingleItem();
        first.Sequence.ShouldBe(1);
        (await Take(one, AnotherHost)).ShouldBeEmpty();

        await Settle(first, WebhookStatus.Waiting, Hour);
        (await Take(one, AnotherHost)).ShouldBeEmpty("the first is to be tried again");
        await Record.Pass(Hour);
        var again = (await Take(one, AnotherHost)).ShouldHaveSingleItem();
        (again.Sequence, again.Attempts, again.Id).ShouldBe((1, 1, first.Id));

        await Settle(again, WebhookStatus.Failed);
        (await Take(one)).ShouldHaveSingleItem().Sequence.ShouldBe(2);
        (await Host.Webhooks.WithDue(CancellationToken.None)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_give_again_what_somebody_has_taken_and_not_settled()
    {
        var one = await Subscribe();
        await Store(Told(one));
        var taken = (await Take(one)).ShouldHaveSingleItem();

        await Record.Pass(Lease + Second);

        (await Take(one, AnotherHost)).ShouldHaveSingleItem().Id.ShouldBe(taken.Id);
    }

    [Fact]
    public async Task Should_give_each_of_many_to_one_of_two_hosts()
    {
        var one = await Subscribe();
        await Task.WhenAll(Enumerable.Range(0, Many).Select(_ => Store(Told(one))));

        var taken = await Task.WhenAll(
            Enumerable
                .Range(0, 20)
                .Select(number => Host.Webhooks.Take(one, Lease, 10, CancellationToken.None))
                .Select(async take => await take)
        );
        var rest = await Take(one, AnotherHost);

        taken.SelectMany(some => some).Concat(rest).Select(told => told.Id).Distinct().Count().ShouldBe(Many);
        (taken.Sum(some => some.Count) + rest.Count).ShouldBe(Many);
    }

    [Fact]
    public async Task Should_keep_the_last_tries_with_what_came_of_them()
    {
        var one = await Subscribe();
        await Store(Told(one));
        for (var number = 1; number <= WebhookDelivery.MostKeptTries + 3; number++)
        {
            var taken = (await Take(one)).ShouldHaveSingleItem();
            await Settle(taken, WebhookStatus.Waiting, TimeSpan.Zero, $"answered {number}");
        }

        var told = (await List(one)).ShouldHaveSingleItem();
        told.Attempts.ShouldBe(WebhookDelivery.MostKeptTries + 3);
        told.Tries.Select(one => one.Result)
            .ShouldBe(Enumerable.Range(4, WebhookDelivery.MostKeptTries).Select(number => $"answered {number}"));
        told.Tries.ShouldAllBe(one => one.Milliseconds == 12);
    }

    [Fact]
    public async Task Should_have_one_sent_again_and_those_that_were_given_up()
    {
        var one = await Subscribe();
        await Store(Told(one), Told(one), Told(one));
        var taken = await Take(one);
        await Settle(taken[0], WebhookStatus.Delivered);
        await Settle(taken[1], WebhookStatus.Failed);
        await Settle(taken[2], WebhookStatus.Failed);
        (await Take(one)).ShouldBeEmpty();

        (await Host.Webhooks.Resend(one, taken[0].Id, CancellationToken.None))!.Status.ShouldBe(WebhookStatus.Waiting);
        (await Host.Webhooks.Resend(await Subscribe(), taken[1].Id, CancellationToken.None)).ShouldBeNull("it is another's");
        (await Take(one)).ShouldHaveSingleItem().Id.ShouldBe(taken[0].Id);

        (await Host.Webhooks.Recover(one, Record.Now + Hour, 10, CancellationToken.None)).ShouldBe(0);
        (await Host.Webhooks.Recover(one, Record.Now - Hour, 1, CancellationToken.None)).ShouldBe(1);
        (await Host.Webhooks.Recover(one, Record.Now - Hour, 10, CancellationToken.None)).ShouldBe(1);
        (await Take(one, AnotherHost)).Select(told => told.Id).ShouldBe([taken[1].Id, taken[2].Id], ignoreOrder: true);
    }

    [Fact]
    public async Task Should_not_lose_one_that_is_sent_again_while_its_last_try_is_under_way()
    {
        var one = await Subscribe();
        await Store(Told(one));
        await Settle((await Take(one)).ShouldHaveSingleItem(), WebhookStatus.Waiting);
        var last = (await Take(one)).ShouldHaveSingleItem();

        await AnotherHost.Webhooks.Resend(one, last.Id, CancellationToken.None);
        await Settle(last, WebhookStatus.Failed);

        var again = (await Take(one, AnotherHost)).ShouldHaveSingleItem();
        (again.Status, again.Attempts).ShouldBe((WebhookStatus.Waiting, 0));
    }

    [Fact]
    public async Task Should_have_no_late_answer_undo_what_was_settled_unless_it_took_it()
    {
        var one = await Subscribe();
        await Store(Told(one), Told(one));
        var both = await Take(one);
        var (taken, given) = (both[0], both[1]);
        await Settle(taken, WebhookStatus.Delivered);
        await Settle(given, WebhookStatus.Failed);

        await Settle(taken, WebhookStatus.Waiting);
        await Settle(taken with { Attempts = 1 }, WebhookStatus.Failed);
        await Settle(given with { Attempts = 1 }, WebhookStatus.Waiting);

        (await Take(one)).ShouldBeEmpty();
        (await List(one))
            .Select(told => (told.Id, told.Status, told.Tries.Count))
            .ShouldBe([(taken.Id, WebhookStatus.Delivered, 1), (given.Id, WebhookStatus.Failed, 1)], ignoreOrder: true);
        await Settle(given, WebhookStatus.Delivered);
        (await List(one)).ShouldAllBe(told => told.Status == WebhookStatus.Delivered);
    }

    [Fact]
    public async Task Should_give_a_test_as_it_waits()
    {
        var (one, test) = (await Subscribe(), Guid.CreateVersion7());

        var added = await Host.Webhooks.AddTest(
            new HeardEvent(test, one, test, 1, HeardEvents.Test, Record.Now, "{}"),
            CancellationToken.None
        );

        (added.Id, added.SubscriptionId, added.Status, added.Attempts).ShouldBe((test, one, WebhookStatus.Waiting, 0));
        (await Take(one, AnotherHost)).ShouldHaveSingleItem().Id.ShouldBe(test);
    }

    [Fact]
    public async Task Should_hasten_what_was_tried_in_vain_when_it_is_taken_again()
    {
        var one = await Subscribe();
        await Store(Told(one));
        await Settle((await Take(one)).ShouldHaveSingleItem(), WebhookStatus.Waiting, Hour);

        await AnotherHost.Webhooks.Hasten(one, CancellationToken.None);

        (await Take(one)).ShouldHaveSingleItem().Attempts.ShouldBe(1);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Should_not_hasten_what_is_being_told(bool isEnabled)
    {
        var one = await Subscribe();
        await Store(Told(one));
        await Settle((await Take(one)).ShouldHaveSingleItem(), WebhookStatus.Waiting);
        var taken = (await Take(one)).ShouldHaveSingleItem();
        taken.Attempts.ShouldBe(1);

        await Hasten();

        (await Take(one, AnotherHost)).ShouldBeEmpty("it would be told twice");
        await Settle(taken, WebhookStatus.Waiting, Hour);
        await Hasten();
        (await Take(one, AnotherHost)).ShouldHaveSingleItem().Attempts.ShouldBe(2);

        Task Hasten() =>
            isEnabled
                ? Host.Subscribers.Change(one, new SubscriptionChange(null, null, null, true), By, CancellationToken.None)
                : Host.Webhooks.Hasten(one, CancellationToken.None);
    }

    [Theory]
    [InlineData(WebhookStatus.Delivered)]
    [InlineData(WebhookStatus.Failed)]
    public async Task Should_have_those_behind_one_that_is_tried_again_due_with_it(WebhookStatus end)
    {
        var one = await Subscribe();
        var id = Guid.CreateVersion7();
        await Host.Store.Insert(Step(Notification(id), Told(one, id, 1), Told(one, id, 2), Told(one, id, 3)), CancellationToken.None);
        await Settle((await Take(one)).ShouldHaveSingleItem(), WebhookStatus.Waiting, Hour);
        (await Take(one)).ShouldBeEmpty();

        (await Host.Webhooks.WithDue(CancellationToken.None)).ShouldBeEmpty("nobody is to look for them again and again");
        (await List(one)).Select(told => told.DueAt).Distinct().Count().ShouldBe(1);
        await Record.Pass(Hour);
        await Settle((await Take(one, AnotherHost)).ShouldHaveSingleItem(), WebhookStatus.Waiting, Hour);
        (await Take(one)).ShouldBeEmpty();
        await Host.Webhooks.Hasten(one, CancellationToken.None);
        await Settle((await Take(one)).ShouldHaveSingleItem(), end);
        await Settle((await Take(one, AnotherHost)).ShouldHaveSingleItem(), WebhookStatus.Delivered);

        (await Take(one)).ShouldHaveSingleItem().Sequence.ShouldBe(3);
    }

    [Fact]
    public async Task Should_give_those_behind_at_once_when_the_first_is_settled_early()
    {
        var one = await Subscribe();
        var id = Guid.CreateVersion7();
        await Host.Store.Insert(Step(Notification(id), Told(one, id, 1), Told(one, id, 2)), CancellationToken.None);
        var first = (await Take(one)).ShouldHaveSingleItem();
        (await Take(one, AnotherHost)).ShouldBeEmpty("the first is being told");

        await Settle(first, WebhookStatus.Delivered);

        (await Take(one, AnotherHost)).ShouldHaveSingleItem().Sequence.ShouldBe(2);
    }

    [Fact]
    public async Task Should_list_them_page_by_page_the_newest_first_and_by_status()
    {
        var one = await Subscribe();
        for (var number = 0; number < 7; number++)
            await Store(Told(one));
        await Settle((await Take(one))[0], WebhookStatus.Delivered);
        await Record.LetAllHaveHappenedAtOnce();

        var found = new List<WebhookDelivery>();
        while (
            await Host.Webhooks.List(
                new WebhookFilter(one, null, 3, found.Count == 0 ? null : (found[^1].CreatedAt, found[^1].Id)),
                default
            )
                is { Count: > 0 } page
        )
            found.AddRange(page);

        found.Select(told => told.Id).Distinct().Count().ShouldBe(7);
        found.Select(told => told.CreatedAt).ShouldBeInOrder(SortDirection.Descending);
        (await Host.Webhooks.List(new WebhookFilter(one, WebhookStatus.Delivered, 10, null), CancellationToken.None)).Count.ShouldBe(1);
        (await Host.Webhooks.CountWaiting(one, 100, CancellationToken.None)).ShouldBe(6);
        (await Host.Webhooks.CountWaiting(one, 4, CancellationToken.None)).ShouldBe(4);
    }

    [Fact]
    public async Task Should_forget_what_is_old_and_does_not_wait()
    {
        var (one, disabled) = (await Subscribe(), await Subscribe());
        await Store(Told(one), Told(one), Told(disabled));
        await Settle((await Take(one))[0], WebhookStatus.Delivered);
        await Host.Subscribers.Disable(disabled, "it was away", CancellationToken.None);

        (await Host.Webhooks.Forget(Hour, 10, CancellationToken.None)).ShouldBe(0);
        await Record.Pass(2 * Hour);

        (await Host.Webhooks.Forget(Hour, 10, CancellationToken.None)).ShouldBe(2);
        (await List(one)).ShouldHaveSingleItem().Status.ShouldBe(WebhookStatus.Waiting);
        (await List(disabled)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_keep_a_subscription_as_it_was_changed_last()
    {
        var id = await Subscribe();
        (
            await Host.Subscribers.Change(
                id,
                new SubscriptionChange("https://b.example", ["delivery.held"], ["order-placed"], null),
                By,
                CancellationToken.None
            )
        )!.Url.ShouldBe("https://b.example");
        await Host.Subscribers.NoteHealth(id, fails: true, CancellationToken.None);
        await AnotherHost.Subscribers.Disable(id, "it was away", CancellationToken.None);
        await AnotherHost.Subscribers.Disable(id, "later", CancellationToken.None);

        var (placed, shipped) = (Notification(Guid.CreateVersion7()), Notification(Guid.CreateVersion7()));
        shipped.Category = "order-shipped";
        var failing = await Find(id);
        failing.DisabledReason.ShouldBe("it was away");
        failing.FailingSince.ShouldNotBeNull();
        failing.Wants("delivery.held", placed).ShouldBeFalse("it is disabled");

        (
            await Host.Subscribers.Change(id, new SubscriptionChange(null, null, null, true), By, CancellationToken.None)
        )!.IsEnabled.ShouldBeTrue();
        var enabled = await Find(id);
        (enabled.FailingSince, enabled.DisabledReason).ShouldBe((null, null));
        failing.EnabledAt.ShouldBeNull();
        enabled.EnabledAt!.Value.ShouldBe(Record.Now, TimeSpan.FromMinutes(5));
        enabled.Wants("delivery.held", placed).ShouldBeTrue();
        enabled.Wants("delivery.held", shipped).ShouldBeFalse();
        enabled.Wants("delivery.sent", placed).ShouldBeFalse();

        await Host.Subscribers.Rotate(id, [9], Hour, By, CancellationToken.None);
        var rotated = await Find(id);
        (rotated.Secret[0], rotated.EarlierSecret![0]).ShouldBe(((byte)9, (byte)1));
        rotated.EarlierUntil!.Value.ShouldBe(Record.Now + Hour, TimeSpan.FromMinutes(5));
        (await Host.Subscribers.Rotate(id, [8], TimeSpan.Zero, By, CancellationToken.None))!.EarlierSecret.ShouldBeNull();
        (
            await Host.Controls.Changes(new ChangeFilter { Subjects = [SubscriptionNotes.Subject(id)] }, 10, CancellationToken.None)
        ).Count.ShouldBe(5);
        (
            await Host.Subscribers.Change(Guid.CreateVersion7(), new SubscriptionChange(null, null, null, true), By, CancellationToken.None)
        ).ShouldBeNull();
    }

    [Fact]
    public async Task Should_take_no_more_than_there_may_be_whoever_subscribes()
    {
        var added = await Task.WhenAll(
            Enumerable
                .Range(0, Subscription.Most + 10)
                .Select(number =>
                    (number % 2 == 0 ? Host : AnotherHost).Subscribers.Add(A(Guid.CreateVersion7()), By, CancellationToken.None)
                )
        );

        added.Count(one => one).ShouldBe(Subscription.Most);
        (await Host.Subscribers.Load(CancellationToken.None)).Count.ShouldBe(Subscription.Most);
    }

    /// <summary>One application that fills its room leaves the others theirs.</summary>
    [Fact]
    public async Task Should_keep_room_for_those_of_other_applications()
    {
        for (var made = 0; made < Subscription.Most; made++)
            (await Add("shop")).ShouldBeTrue();

        (await Add("shop")).ShouldBeFalse("it has as many as one may have");
        (await Add("wallet")).ShouldBeTrue();
        (await Add(application: null)).ShouldBeTrue("those who see all have room of their own");

        Task<bool> Add(string? application) =>
            Host.Subscribers.Add(A(Guid.CreateVersion7()) with { Application = application }, By, CancellationToken.None);
    }

    async Task<Guid> Subscribe()
    {
        var id = Guid.CreateVersion7();
        (await Host.Subscribers.Add(A(id), By, CancellationToken.None)).ShouldBeTrue();
        return id;
    }

    Subscription A(Guid id) =>
        new()
        {
            Id = id,
            Url = "https://a.example/hook",
            Events = [HeardEvents.DeliverySent],
            Secret = [1],
            CreatedAt = Record.Now,
        };

    async Task<Subscription> Find(Guid id) => (await AnotherHost.Subscribers.Load(CancellationToken.None)).Single(one => one.Id == id);

    /// <summary>Stores a notification for each, in order.</summary>
    async Task Store(params HeardEvent[] all)
    {
        foreach (var heard in all)
            (await Host.Store.Insert(Step(Notification(heard.NotificationId), heard), CancellationToken.None)).ShouldBeTrue();
    }

    static NotificationStep Step(NotificationState notification, params HeardEvent[] heard) =>
        new(notification, Guid.CreateVersion7(), []) { Heard = heard };

    HeardEvent Told(Guid subscription) => Told(subscription, Guid.CreateVersion7(), 1);

    HeardEvent Told(Guid subscription, Guid notification, int number) =>
        new(Guid.CreateVersion7(), subscription, notification, number, HeardEvents.DeliverySent, Record.Now, """{"a":"é"}""");

    Task<IReadOnlyList<WebhookDelivery>> Take(Guid subscription, HostOfTheRecord? host = null) =>
        (host ?? Host).Webhooks.Take(subscription, Lease, 1000, CancellationToken.None);

    Task<IReadOnlyList<WebhookDelivery>> List(Guid subscription) =>
        AnotherHost.Webhooks.List(new WebhookFilter(subscription, null, 1000, null), CancellationToken.None);

    Task Settle(WebhookDelivery delivery, WebhookStatus status, TimeSpan again = default, string result = "took it") =>
        Host.Webhooks.Settle(
            new WebhookSettlement(delivery.Id, delivery.Attempts, status, again, new WebhookTry(Record.Now, result, 12)),
            CancellationToken.None
        );
}
