using NotificationBus.Model;
using NotificationBus.Notifications;

namespace NotificationBus.Tests.AnyRecord;

/// <summary>How it goes, by channel and account, whatever the record is kept in.</summary>
public abstract class When_deliveries_are_counted(Func<Task<RecordOfTheTest>> create) : With_a_record(create)
{
    [Fact]
    public async Task Should_say_of_each_account_what_became_of_those_of_a_time()
    {
        var now = Record.Now;
        await Insert(now, ("email", "smtp", DeliveryStatus.Confirmed), ("push", null, DeliveryStatus.Waiting));
        await Insert(now, ("email", "smtp", DeliveryStatus.Sent));
        await Insert(now, ("email", "smtp", DeliveryStatus.Failed), ("email", "second", DeliveryStatus.Expired));
        await Insert(now, ("email", "smtp", DeliveryStatus.Held), ("sms", "twilio", DeliveryStatus.Cancelled));
        await Insert(now.AddHours(-2), ("email", "smtp", DeliveryStatus.Sent));

        (await Host.Traffic.Count(now.AddHours(-1), now.AddMinutes(1), CancellationToken.None)).ShouldBe([
            new TrafficCount("email", "second", Accepted: 1, Sent: 0, Confirmed: 0, Failed: 1, Waiting: 0),
            new TrafficCount("email", "smtp", Accepted: 4, Sent: 2, Confirmed: 1, Failed: 1, Waiting: 1),
            new TrafficCount("push", Account: null, Accepted: 1, Sent: 0, Confirmed: 0, Failed: 0, Waiting: 1),
            new TrafficCount("sms", "twilio", Accepted: 1, Sent: 0, Confirmed: 0, Failed: 0, Waiting: 0),
        ]);
        (await Host.Traffic.Count(now.AddHours(1), now.AddHours(2), CancellationToken.None)).ShouldBe([]);
    }

    async Task Insert(DateTimeOffset at, params (string Channel, string? Provider, DeliveryStatus Status)[] deliveries)
    {
        var notification = Notification(Guid.CreateVersion7());
        notification.CreatedAt = at;
        notification.ExpiresAt = at.AddDays(1);
        notification.Deliveries =
        [
            .. deliveries.Select(delivery => new DeliveryState
            {
                Id = Guid.CreateVersion7(),
                Channel = delivery.Channel,
                Address = "somewhere",
                Step = 1,
                Provider = delivery.Provider,
                Status = delivery.Status,
            }),
        ];
        (await Host.Store.Insert(new NotificationStep(notification, Guid.CreateVersion7(), []), CancellationToken.None)).ShouldBeTrue();
    }
}
