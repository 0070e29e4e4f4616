using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Notifications;

namespace NotificationBus.Tests.AnyRecord;

public abstract class When_a_key_is_withdrawn(Func<Task<RecordOfTheTest>> create) : With_a_record(create)
{
    const string Reason = "withdrawn by order-paid: order:4711";

    static readonly string[] Reminders = ["payment-reminder-due"];

    Lazy<DateTimeOffset>? _begun;

    /// <summary>One moment of the test, from which all hours are counted: of the clock another may be read meanwhile.</summary>
    DateTimeOffset Begun => LazyInitializer.EnsureInitialized(ref _begun, () => new(() => Whole(Record.Now))).Value;

    [Fact]
    public async Task Should_keep_from_beginning_what_comes_after_it_and_say_why()
    {
        await Withdraw();

        var step = Step("4711");
        (await AnotherHost.Store.Insert(step, CancellationToken.None)).ShouldBeFalse();

        step.Withdrawal.ShouldBe(Reason);
        (await Host.Store.Load(step.Notification.CorrelationId, CancellationToken.None)).ShouldBeNull();
    }

    [Fact]
    public async Task Should_let_begin_a_step_that_knows_of_it()
    {
        await Withdraw();
        var known = Step("4711");
        known.Withdrawal = Reason;

        (await Host.Store.Insert(known, CancellationToken.None)).ShouldBeTrue();
        (await Host.Store.Load(known.Notification.CorrelationId, CancellationToken.None)).ShouldNotBeNull();
    }

    [Theory]
    [InlineData("another key", "4712", "payment-reminder-due", -1)]
    [InlineData("another category", "4711", "order-shipped", -1)]
    [InlineData("begun when its time is over", "4711", "payment-reminder-due", 3600)]
    [InlineData("without a key", null, "payment-reminder-due", -1)]
    public async Task Should_let_begin_what_it_is_not_about(string what, string? order, string category, int seconds)
    {
        await Withdraw();
        var step = Step(order, category, TimeSpan.FromSeconds(seconds));

        (await Host.Store.Insert(step, CancellationToken.None)).ShouldBeTrue(what);
        step.Withdrawal.ShouldBeNull();
        (await Find(Hours(1))).ShouldBeEmpty(what);
    }

    [Fact]
    public async Task Should_hold_alone_for_those_of_many_that_are_stored_together()
    {
        await Withdraw();
        var steps = Enumerable.Range(0, 60).Select(i => Step(i % 3 == 0 ? "4711" : $"{i}")).ToList();

        var stored = await Task.WhenAll(
            steps.Select((step, i) => (i % 2 == 0 ? Host : AnotherHost).Store.Insert(step, CancellationToken.None))
        );

        stored.Index().Where(one => !one.Item).Select(one => one.Index % 3).ShouldBe(Enumerable.Repeat(0, 20));
        steps.Count(step => step.Withdrawal == Reason).ShouldBe(20);
    }

    [Fact]
    public async Task Should_find_what_has_begun_however_it_stands()
    {
        var open = Step("4711");
        open.Notification.Deliveries = [Delivery(DeliveryStatus.Sending), Delivery(DeliveryStatus.Waiting)];
        var ended = Step("4711");
        ended.Notification.Deliveries = [Delivery(DeliveryStatus.Sent), Delivery(DeliveryStatus.NotNeeded, ReasonCode.NotNeeded)];
        (ended.Notification.CurrentState, ended.Notification.CompletedAt) = ("Delivered", Record.Now);
        foreach (var step in (NotificationStep[])[open, ended, Step("4712"), Step("4711", "order-shipped"), Step("4711", after: Hours(2))])
            (await Host.Store.Insert(step, CancellationToken.None)).ShouldBeTrue();

        var found = (await Find(Hours(1))).ToDictionary(one => one.Id);

        found.Keys.ShouldBe([open.Notification.CorrelationId, ended.Notification.CorrelationId], ignoreOrder: true);
        var (first, second) = (found[open.Notification.CorrelationId], found[ended.Notification.CorrelationId]);
        (first.State, first.HasEnded, first.MayBeSent).ShouldBe(("Sending", false, true));
        first.Deliveries.ShouldBe([new(DeliveryStatus.Sending, null), new(DeliveryStatus.Waiting, null)]);
        (second.State, second.HasEnded, second.MayBeSent).ShouldBe(("Delivered", true, true));
        second.Deliveries.ShouldBe([new(DeliveryStatus.Sent, null), new(DeliveryStatus.NotNeeded, ReasonCode.NotNeeded)]);
    }

    [Fact]
    public async Task Should_find_them_page_by_page()
    {
        var all = new List<Guid>();
        for (var i = 0; i < 7; i++)
        {
            // Two at a time are equally old.
            var step = Step("4711", after: TimeSpan.FromSeconds(i / 2 - 10));
            all.Add(step.Notification.CorrelationId);
            (await Host.Store.Insert(step, CancellationToken.None)).ShouldBeTrue();
        }

        var found = new List<NotificationWithKey>();
        while (await Find(Hours(1), found.LastOrDefault(), limit: 3) is { Count: > 0 } page)
            found.AddRange(page);

        found.Select(one => one.Id).ShouldBe(all, ignoreOrder: true);
        found.Select(one => one.CreatedAt).ShouldBeInOrder();
    }

    [Fact]
    public async Task Should_reach_as_far_as_the_one_that_reaches_furthest()
    {
        await Withdraw(Hours(2));
        await Withdraw(Hours(1), "withdrawn by another: sooner over");

        var step = Step("4711", after: Hours(1.5));
        (await Host.Store.Insert(step, CancellationToken.None)).ShouldBeFalse();
        step.Withdrawal.ShouldBe(Reason);

        await Withdraw(Hours(3), "withdrawn by a third: later");
        var later = Step("4711", after: Hours(2.5));
        (await Host.Store.Insert(later, CancellationToken.None)).ShouldBeFalse();
        later.Withdrawal.ShouldBe("withdrawn by a third: later");
    }

    /// <summary>Neither would be a reminder of an order that was paid.</summary>
    [Fact]
    public async Task Should_find_or_keep_from_beginning_whatever_begins_at_the_same_moment()
    {
        var missed = await Task.WhenAll(
            Enumerable
                .Range(0, 1000)
                .Select(async i =>
                {
                    var step = Step($"race-{i}");
                    var begins = Task.Run(() => (i % 2 == 0 ? Host : AnotherHost).Store.Insert(step, CancellationToken.None));
                    var withdrawal = Withdrawal(Hours(1), order: $"race-{i}");
                    var finds = Task.Run(async () =>
                    {
                        await AnotherHost.Withdrawals.Remember(withdrawal, CancellationToken.None);
                        return await AnotherHost.Withdrawals.Find(withdrawal, after: null, limit: 10, CancellationToken.None);
                    });

                    var (hasBegun, found) = (await begins, await finds);
                    hasBegun.ShouldBe(step.Withdrawal is null);
                    return hasBegun && found.Count == 0 ? 1 : 0;
                })
        );

        missed.Sum().ShouldBe(0);
    }

    protected Task Withdraw(TimeSpan? until = null, string reason = Reason) =>
        Host.Withdrawals.Remember(Withdrawal(until ?? Hours(1), reason), CancellationToken.None);

    protected Task<IReadOnlyList<NotificationWithKey>> Find(TimeSpan until, NotificationWithKey? after = null, int limit = 100) =>
        AnotherHost.Withdrawals.Find(
            Withdrawal(until),
            after is null ? null : new NotificationCursor(after.CreatedAt, after.Id),
            limit,
            CancellationToken.None
        );

    Withdrawal Withdrawal(TimeSpan until, string reason = Reason, string order = "4711") =>
        new("order", order, Reminders, Begun + until, reason);

    protected NotificationStep Step(string? order, string category = "payment-reminder-due", TimeSpan? after = null)
    {
        var notification = Notification(Guid.CreateVersion7());
        notification.Category = category;
        notification.Keys = order is null ? BusinessKeys.None : BusinessKeys.Of("order", order);
        notification.CreatedAt = Begun + (after ?? TimeSpan.Zero);
        return new NotificationStep(notification, Guid.CreateVersion7(), []);
    }

    static DeliveryState Delivery(DeliveryStatus status, string? code = null) =>
        new()
        {
            Id = Guid.CreateVersion7(),
            Channel = "push",
            Address = "phone",
            Step = 1,
            Status = status,
            Code = code,
        };

    // PostgreSQL keeps microseconds.
    static DateTimeOffset Whole(DateTimeOffset time) => new(time.Ticks - time.Ticks % TimeSpan.TicksPerSecond, time.Offset);

    static TimeSpan Hours(double hours) => TimeSpan.FromHours(hours);
}
