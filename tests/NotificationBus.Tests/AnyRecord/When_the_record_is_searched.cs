using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Notifications;

namespace NotificationBus.Tests.AnyRecord;

public abstract class When_the_record_is_searched(Func<Task<RecordOfTheTest>> create) : With_a_record(create)
{
    static readonly DateTimeOffset Then = new(2026, 1, 15, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Should_find_by_status_recipient_and_category()
    {
        var wanted = await Insert("PartlyDelivered", "seller-42", "order-placed");
        await Insert("Delivered", "seller-42", "order-placed");
        await Insert("PartlyDelivered", "seller-43", "order-placed");
        await Insert("PartlyDelivered", "seller-42", "order-shipped");

        var found = await Search(
            new NotificationFilter
            {
                Status = "partly-delivered",
                Recipient = "seller-42",
                Category = "order-placed",
                Limit = 10,
            }
        );

        var summary = found.ShouldHaveSingleItem();
        summary.Id.ShouldBe(wanted);
        (summary.Status, summary.Event, summary.Category, summary.Recipient).ShouldBe(
            ("partly-delivered", "order-placed", "order-placed", "seller-42")
        );
        (await Search(new NotificationFilter { Status = "partly-delivered", Limit = 10 })).Count.ShouldBe(3);
        (await Search(new NotificationFilter { Recipient = "seller-42", Limit = 10 })).Count.ShouldBe(3);
        (await Search(new NotificationFilter { Category = "order-placed", Limit = 10 })).Count.ShouldBe(3);
        (await Search(new NotificationFilter { Limit = 10 })).Count.ShouldBe(4);
    }

    /// <summary>Tests that do not bite: many of a bulk run begin at the same moment, and the page ends in the middle of them.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    public async Task Should_come_newest_first_and_everything_exactly_once(int everyHowManyTheClockMoves)
    {
        var (all, at) = (new List<Guid>(), Then);
        for (var i = 0; i < 50; i++)
        {
            if (everyHowManyTheClockMoves > 0 && i % everyHowManyTheClockMoves == 0)
                at += Second;
            all.Add(await Insert("Delivered", "seller-42", "order-placed", at));
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
        var (sending, delivered, _) = (
            await Insert("Sending", "seller-42", "order-placed"),
            await Insert("Delivered", "seller-42", "order-placed"),
            await Insert("Delivered", "seller-42", "order-placed")
        );

        (await Host.Queries.Concluded([sending, delivered, Guid.CreateVersion7()], CancellationToken.None)).ShouldBe([delivered]);
    }

    [Fact]
    public async Task Should_show_until_when_a_delivery_is_put_off()
    {
        var (id, delivery) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        var notification = Notification(id);
        notification.Deliveries =
        [
            new DeliveryState
            {
                Id = delivery,
                Channel = "email",
                Address = "som@example.com",
                Step = 0,
                Status = DeliveryStatus.Sending,
            },
        ];
        (await Host.Store.Insert(new NotificationStep(notification, Guid.CreateVersion7(), []), CancellationToken.None)).ShouldBeTrue();
        var putOff = System.Text.Encoding.UTF8.GetBytes($$$"""{"message":{"deliveryId":"{{{delivery}}}"}}""");
        await Schedule(Message(Record.Now + Hour) with { NotificationId = id, Body = putOff });

        var view = (await AnotherHost.Queries.Find(id, CancellationToken.None)).ShouldNotBeNull();

        view.Deliveries.ShouldHaveSingleItem().WaitingUntil.ShouldNotBeNull().ShouldBe(Record.Now + Hour, Lease);
    }

    [Fact]
    public async Task Should_find_nothing_where_there_is_nothing() =>
        (await Host.Queries.Find(Guid.CreateVersion7(), CancellationToken.None)).ShouldBeNull();

    Task<IReadOnlyList<NotificationSummary>> Search(NotificationFilter filter) =>
        AnotherHost.Queries.Search(filter, CancellationToken.None);

    async Task<Guid> Insert(string state, string recipient, string category, DateTimeOffset? createdAt = null)
    {
        // Not in the order they come in.
        var notification = Notification(Guid.NewGuid());
        (notification.CurrentState, notification.Category, notification.Recipient) = (state, category, new Contact { Id = recipient });
        notification.CreatedAt = createdAt ?? Then;
        notification.CompletedAt = state == "Sending" ? null : notification.CreatedAt;
        (await Host.Store.Insert(new NotificationStep(notification, Guid.CreateVersion7(), []), CancellationToken.None)).ShouldBeTrue();
        return notification.CorrelationId;
    }
}
