using System.Text.Json;

using NotificationBus.Contracts;
using NotificationBus.Embedded;
using NotificationBus.Notifications;
using NotificationBus.Saga;
using NotificationBus.Saga.Persistence;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Embedded;

public sealed class When_the_record_is_searched
{
    readonly ManualClock _clock = new();
    readonly InMemoryNotificationStore _store;

    public When_the_record_is_searched() => _store = new InMemoryNotificationStore(new InMemoryAttemptLedger(_clock, new InMemoryControls(_clock)), new InMemoryOutgoingMessages(_clock));

    [Fact]
    public async Task Should_find_by_status_recipient_and_category()
    {
        var wanted = await Insert("PartlyDelivered", "seller-42", "order-placed");
        await Insert("Delivered", "seller-42", "order-placed");
        await Insert("PartlyDelivered", "seller-43", "order-placed");
        await Insert("PartlyDelivered", "seller-42", "order-shipped");

        var found = await Search(new NotificationFilter { Status = "partly-delivered", Recipient = "seller-42", Category = "order-placed", Limit = 10 });

        var summary = found.ShouldHaveSingleItem();
        summary.Id.ShouldBe(wanted);
        (summary.Status, summary.Event, summary.Category, summary.Recipient).ShouldBe(("partly-delivered", "an-event", "order-placed", "seller-42"));
        (await Search(new NotificationFilter { Status = "partly-delivered", Limit = 10 })).Count.ShouldBe(3);
        (await Search(new NotificationFilter { Recipient = "seller-42", Limit = 10 })).Count.ShouldBe(3);
        (await Search(new NotificationFilter { Category = "order-placed", Limit = 10 })).Count.ShouldBe(3);
        (await Search(new NotificationFilter { Limit = 10 })).Count.ShouldBe(4);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    public async Task Should_come_newest_first_and_everything_exactly_once(int everyHowManyTheClockMoves)
    {
        var all = new List<Guid>();
        for (var i = 0; i < 50; i++)
        {
            if (everyHowManyTheClockMoves > 0 && i % everyHowManyTheClockMoves == 0)
                _clock.Advance(TimeSpan.FromSeconds(1));
            all.Add(await Insert("Delivered", "seller-42", "order-placed"));
        }

        var pages = new List<NotificationSummary>();
        NotificationCursor? after = null;
        while (true)
        {
            var page = await Search(new NotificationFilter { After = after, Limit = 7 });
            if (page.Count == 0)
                break;

            page.Count.ShouldBeLessThanOrEqualTo(7);
            pages.AddRange(page);
            after = new NotificationCursor(page[^1].CreatedAt, page[^1].Id);
        }

        pages.Count.ShouldBe(50);
        pages.Select(summary => summary.Id).ShouldBe(all, ignoreOrder: true);
        pages.Select(summary => summary.CreatedAt).ShouldBeInOrder(SortDirection.Descending);
    }

    [Fact]
    public async Task Should_know_which_have_an_outcome()
    {
        var sending = await Insert("Sending", "seller-42", "order-placed");
        var delivered = await Insert("Delivered", "seller-42", "order-placed");

        (await _store.Concluded([sending, delivered, Guid.CreateVersion7()], CancellationToken.None)).ShouldBe([delivered]);
    }

    [Fact]
    public async Task Should_find_nothing_where_there_is_nothing() =>
        (await _store.Find(Guid.CreateVersion7(), CancellationToken.None)).ShouldBeNull();

    Task<IReadOnlyList<NotificationSummary>> Search(NotificationFilter filter) => _store.Search(filter, CancellationToken.None);

    async Task<Guid> Insert(string state, string recipient, string category)
    {
        var notification = new NotificationState
        {
            CorrelationId = Guid.NewGuid(),
            CurrentState = state,
            EventName = "an-event",
            Category = category,
            Recipient = new Contact { Id = recipient },
            Data = JsonElement.Parse("{}"),
            CreatedAt = _clock.GetUtcNow(),
            CompletedAt = state == "Sending" ? null : _clock.GetUtcNow(),
        };
        (await _store.Insert(new NotificationStep(notification, Guid.CreateVersion7(), []), CancellationToken.None)).ShouldBeTrue();
        return notification.CorrelationId;
    }
}
