using System.Net;
using NotificationBus.Contracts;
using NotificationBus.Embedded;
using NotificationBus.Model;
using NotificationBus.Notifications;
using NotificationBus.Providers;
using NotificationBus.Tests.Host;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Embedded;

/// <summary>B: what is kept for ever, and is dear to ask. An embedded host runs for weeks at somebody's desk.</summary>
[Collection(nameof(ProcessorTime))]
public sealed class When_the_record_in_memory_grows(RunningHost host) : IClassFixture<RunningHost>
{
    const int Room = 50_000;

    static readonly TimeSpan Bound = TimeSpan.FromMilliseconds(50);
    static readonly DateTimeOffset Then = new(2026, 1, 15, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Should_answer_soon_and_keep_the_newest()
    {
        var (store, ledger) = (host.Of<InMemoryNotificationStore>(), host.Of<IAttemptLedger>());
        var unfinished = await Insert(store, Then, ended: false);
        var first = await Insert(store, Then);
        await ledger.Claim(AttemptOf(first), "som@example.com", "order-placed", Bound, CancellationToken.None);
        for (var number = 1; number <= Room; number++)
            await Insert(store, Then.AddSeconds(number));

        foreach (
            var path in (string[])
                ["/v1/notifications", "/v1/notifications?status=failed&recipient=seller-43&category=order-shipped", "/v1/status"]
        )
        {
            Answer? answer = null;
            var took = await ProcessorTime.Of(Bound, async () => answer = await host.Get(path));

            answer!.Status.ShouldBe(HttpStatusCode.OK);
            took.ShouldBeLessThan(Bound, path);
        }

        (await host.Get($"/v1/notifications/{first}")).Status.ShouldBe(HttpStatusCode.NotFound);
        (await host.Get($"/v1/notifications/{unfinished}")).Status.ShouldBe(HttpStatusCode.OK);
        (await ledger.AttemptsOf(first, first, CancellationToken.None)).ShouldBeEmpty();
        (await host.Get("/v1/notifications?limit=1"))
            .Json.GetProperty("notifications")[0]
            .GetProperty("createdAt")
            .GetDateTimeOffset()
            .ShouldBe(Then.AddSeconds(Room));
    }

    [Fact]
    public async Task Should_keep_no_more_bytes_than_there_is_room_for()
    {
        var clock = new FakeTimeProvider(A.Time);
        var outgoing = new InMemoryOutgoingMessages(clock);
        var store = new InMemoryNotificationStore(
            new InMemoryAttemptLedger(clock, new InMemoryControls(clock, outgoing)),
            outgoing,
            new ChannelSet([])
        )
        {
            MostBytesOfEnded = 100_000,
        };

        var all = new List<Guid>();
        for (var number = 0; number < 10; number++)
            all.Add(await Insert(store, Then.AddSeconds(number), text: new string('a', 30_000)));

        (await Kept(store)).ShouldBe([all[9], all[8], all[7]]);
        var large = await Insert(store, Then.AddDays(1), text: new string('a', 200_000));
        (await Kept(store)).ShouldBe([large]);
        (await Insert(store, Then.AddDays(2), text: "")).ShouldBe((await Kept(store)).ShouldHaveSingleItem());
    }

    /// <summary>One that goes on and ends anew is among the newest again; one that is only written again is not.</summary>
    [Fact]
    public async Task Should_count_from_the_end_that_holds()
    {
        var clock = new FakeTimeProvider(A.Time);
        var outgoing = new InMemoryOutgoingMessages(clock);
        var store = new InMemoryNotificationStore(
            new InMemoryAttemptLedger(clock, new InMemoryControls(clock, outgoing)),
            outgoing,
            new ChannelSet([])
        )
        {
            MostEnded = 2,
        };
        var (reopened, rewritten) = (await Insert(store, Then), await Insert(store, Then.AddSeconds(1)));

        await Rewrite(store, reopened, ended: false);
        await Rewrite(store, reopened, ended: true);
        await Rewrite(store, rewritten, ended: true);
        var newest = await Insert(store, Then.AddSeconds(2));

        (await Kept(store)).ShouldBe([newest, reopened]);
    }

    static async Task<IReadOnlyList<Guid>> Kept(InMemoryNotificationStore store) =>
        [.. (await store.Search(new NotificationFilter { Limit = 100 }, CancellationToken.None)).Notifications.Select(found => found.Id)];

    static async Task<Guid> Insert(InMemoryNotificationStore store, DateTimeOffset at, bool ended = true, string text = "")
    {
        var notification = new NotificationState
        {
            CorrelationId = Guid.NewGuid(),
            CurrentState = ended ? "Delivered" : "Sending",
            EventName = "order-placed",
            Category = "order-placed",
            Recipient = new Contact { Id = "seller-42" },
            Data = System.Text.Json.JsonSerializer.SerializeToElement(new { text }),
            CreatedAt = at,
            ExpiresAt = at.AddDays(1),
            CompletedAt = ended ? at : null,
        };
        (await store.Insert(new NotificationStep(notification, Guid.CreateVersion7(), []), CancellationToken.None)).ShouldBeTrue();
        return notification.CorrelationId;
    }

    static async Task Rewrite(InMemoryNotificationStore store, Guid id, bool ended)
    {
        var notification = (await store.Load(id, CancellationToken.None)).ShouldNotBeNull();
        notification.CurrentState = ended ? "Delivered" : "Sending";
        notification.CompletedAt = ended ? Then.AddHours(1) : null;
        (await store.Update(new NotificationStep(notification, Guid.CreateVersion7(), []), CancellationToken.None)).ShouldBeTrue();
    }

    static DeliveryAttempt AttemptOf(Guid id) =>
        new()
        {
            DeliveryId = id,
            NotificationId = id,
            Number = 1,
            Channel = "email",
            Provider = "scripted",
            Status = AttemptStatus.Started,
        };
}
