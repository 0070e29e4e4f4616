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

    /// <summary>Each condition alone, each with each other one, and each one that nothing meets beside one that something meets.</summary>
    [Fact]
    public async Task Should_find_by_everything_and_by_any_two_of_it()
    {
        var wanted = await Begin(
            At(1),
            "Failed",
            "event-1",
            "seller-1",
            "order-placed",
            ("order", "4711"),
            [("email", "Som@Example.com", "smtp", "m-1"), ("push", "token-1", "fcm", null)]
        );
        await Begin(
            At(2),
            "Delivered",
            "event-2",
            "seller-2",
            "order-shipped",
            ("order", "4712"),
            [("sms", "+66812345678", "twilio", "m-2")]
        );
        var hits = new NotificationFilter[]
        {
            Any with
            {
                EventId = "event-1",
            },
            Any with
            {
                Key = KeyValuePair.Create("order", "4711"),
            },
            Any with
            {
                Recipient = "seller-1",
            },
            Any with
            {
                Addresses = ["nobody@example.com", "som@example.com"],
            },
            Any with
            {
                Status = "failed",
            },
            Any with
            {
                Category = "order-placed",
            },
            Any with
            {
                Channel = "push",
            },
            Any with
            {
                Provider = "smtp",
            },
            Any with
            {
                ProviderMessageId = "m-1",
            },
            Any with
            {
                To = At(2),
            },
        };
        var misses = new NotificationFilter[]
        {
            Any with
            {
                EventId = "event-2",
            },
            Any with
            {
                Key = KeyValuePair.Create("order", "4712"),
            },
            Any with
            {
                Recipient = "seller-2",
            },
            Any with
            {
                Addresses = ["+66812345678"],
            },
            Any with
            {
                Status = "delivered",
            },
            Any with
            {
                Category = "order-shipped",
            },
            Any with
            {
                Channel = "sms",
            },
            Any with
            {
                Provider = "twilio",
            },
            Any with
            {
                ProviderMessageId = "m-2",
            },
            Any with
            {
                From = At(2),
            },
        };

        foreach (var (index, hit) in hits.Index())
        {
            (await Ids(hit)).ShouldBe([wanted], $"{index} alone");
            foreach (var (other, second) in hits.Index())
                (await Ids(Filters.Both(hit, second))).ShouldBe([wanted], $"{index} and {other}");
            foreach (var (other, second) in misses.Index().Where(miss => miss.Index != index))
                (await Ids(Filters.Both(hit, second))).ShouldBeEmpty($"{index} and not {other}");
        }
    }

    [Fact]
    public async Task Should_list_what_it_was_about_and_where_it_went()
    {
        await Begin(
            At(1),
            "Failed",
            "event-1",
            "seller-1",
            "order-placed",
            ("order", "4711"),
            [("push", "token-1", "fcm", null), ("email", "som@example.com", "smtp", "m-1"), ("push", "token-2", "fcm", null)]
        );

        var found = (await Search(Any)).ShouldHaveSingleItem();

        (found.EventId, found.Reason).ShouldBe(("event-1", "push: no such device; email: no such device"));
        found.Keys.ShouldNotBeNull().ShouldBe([KeyValuePair.Create("order", "4711")]);
        found.Channels.ShouldBe(["email", "push"]);
    }

    /// <summary>One of two addresses, twice asked: it is one notification, and one place of the page.</summary>
    [Fact]
    public async Task Should_list_once_what_fits_twice()
    {
        var all = new List<Guid>();
        for (var number = 1; number <= 3; number++)
        {
            all.Add(
                await Begin(
                    At(number),
                    "Delivered",
                    $"event-{number}",
                    "seller-1",
                    "order-placed",
                    ("order", "4711"),
                    [("email", "som@example.com", "smtp", "m-1"), ("email", "nok@example.com", "smtp", "m-2")]
                )
            );
        }

        foreach (
            var filter in (NotificationFilter[])
                [
                    Any with
                    {
                        Provider = "smtp",
                    },
                    Any with
                    {
                        Addresses = ["som@example.com", "nok@example.com"],
                    },
                    Any with
                    {
                        Channel = "email",
                    },
                ]
        )
        {
            var (pages, after) = (new List<Guid>(), (NotificationCursor?)null);
            do
            {
                var page = await AnotherHost.Queries.Search(filter with { Limit = 1, After = after }, CancellationToken.None);
                pages.AddRange(page.Notifications.Select(found => found.Id));
                after = page.Next;
            } while (after is not null);
            pages.ShouldBe(all.AsEnumerable().Reverse());
        }
    }

    /// <summary>What has not ended, ended otherwise, or is held is found where it is now, and not where it was.</summary>
    [Fact]
    public async Task Should_find_it_by_the_state_it_is_in_now()
    {
        var id = await Begin(At(1), "Sending", "event-1", "seller-1", "order-placed", ("order", "4711"), []);
        foreach (var state in (string[])["Held", "Sending", "Failed", "PartlyDelivered", "Delivered", "Cancelled", "Expired"])
        {
            var notification = (await Host.Store.Load(id, CancellationToken.None))!;
            notification.CurrentState = state;
            notification.CompletedAt = state is "Held" or "Sending" ? null : At(2);
            (await Host.Store.Update(new NotificationStep(notification, Guid.CreateVersion7(), []), CancellationToken.None)).ShouldBeTrue();

            foreach (var status in (string[])["sending", "held", "delivered", "partly-delivered", "cancelled", "expired", "failed"])
            {
                (await Ids(Any with { Status = status })).Count.ShouldBe(status == NotificationView.StatusOf(state) ? 1 : 0, status);
            }
        }
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

    static NotificationFilter Any { get; } = new() { Limit = 10 };

    static DateTimeOffset At(int hour) => Then.AddHours(hour);

    async Task<IReadOnlyList<NotificationSummary>> Search(NotificationFilter filter) =>
        (await AnotherHost.Queries.Search(filter, CancellationToken.None)).Notifications;

    async Task<IReadOnlyList<Guid>> Ids(NotificationFilter filter) => [.. (await Search(filter)).Select(found => found.Id)];

    /// <summary>A notification with an attempt of each delivery.</summary>
    async Task<Guid> Begin(
        DateTimeOffset at,
        string state,
        string eventId,
        string recipient,
        string category,
        (string Name, string Value) key,
        (string Channel, string Address, string Provider, string? MessageId)[] deliveries
    )
    {
        var notification = Notification(Guid.NewGuid());
        (notification.CurrentState, notification.EventId, notification.Category) = (state, eventId, category);
        (notification.Recipient, notification.CreatedAt) = (new Contact { Id = recipient }, at);
        notification.CompletedAt = state == "Sending" ? null : at;
        notification.Keys = BusinessKeys.Of(key.Name, key.Value);
        notification.Deliveries =
        [
            .. deliveries.Select(delivery => new DeliveryState
            {
                Id = Guid.CreateVersion7(),
                Channel = delivery.Channel,
                Address = delivery.Address,
                Step = 1,
                Status = state == "Failed" ? DeliveryStatus.Failed : DeliveryStatus.Sent,
                Reason = state == "Failed" ? "no such device" : null,
            }),
        ];
        (await Host.Store.Insert(new NotificationStep(notification, Guid.CreateVersion7(), []), CancellationToken.None)).ShouldBeTrue();
        foreach (var (delivery, sent) in notification.Deliveries.Zip(deliveries))
        {
            var call = new DeliveryAttempt
            {
                DeliveryId = delivery.Id,
                NotificationId = notification.CorrelationId,
                Number = 1,
                Channel = sent.Channel,
                Provider = sent.Provider,
                Status = AttemptStatus.Started,
            };
            await Host.Ledger.Claim(call, delivery.Address, category, Lease, CancellationToken.None);
            (
                await Host.Ledger.Record(
                    call with
                    {
                        Status = AttemptStatus.Accepted,
                        ProviderMessageId = sent.MessageId,
                    },
                    suppressedAddress: null,
                    CancellationToken.None
                )
            ).ShouldBeTrue();
        }

        return notification.CorrelationId;
    }

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
