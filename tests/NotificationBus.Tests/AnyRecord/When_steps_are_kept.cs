using NotificationBus.Model;
using NotificationBus.Notifications;

namespace NotificationBus.Tests.AnyRecord;

/// <summary>A notification that was begun, failed on its first channel and was sent on its second.</summary>
public abstract class When_steps_are_kept(Func<Task<RecordOfTheTest>> create) : With_a_record(create)
{
    static readonly DateTimeOffset Begun = DateTimeOffset.UnixEpoch.AddSeconds(1);
    static readonly DateTimeOffset FailedAt = DateTimeOffset.UnixEpoch.AddSeconds(2);
    static readonly DateTimeOffset SentAt = DateTimeOffset.UnixEpoch.AddSeconds(3);

    readonly Guid _id = Guid.CreateVersion7();
    readonly Guid _email = Guid.CreateVersion7();
    readonly Guid _push = Guid.CreateVersion7();
    readonly Guid _failure = Guid.CreateVersion7();

    [Fact]
    public async Task Should_tell_them_with_what_went_straight_between_them()
    {
        await BeginAndFail();
        await Send();

        var steps = (await AnotherHost.Queries.StepsOf(_id, CancellationToken.None))!;

        steps.Select(step => step.Number).ShouldBe([1, 2, 3]);
        steps
            .Select(step => (step.Before, step.After, step.Derived is null))
            .ShouldBe([("initial", "sending", false), ("sending", "sending", true), ("sending", "delivered", false)]);
        steps.Select(step => step.Message).ShouldBe(["OrderPlaced", "DeliveryFailed", "DeliverySent"]);
        steps.SelectMany(step => step.Caused).ShouldBe(["send-email", "send-push", "NotificationDelivered"]);
        steps[1].MessageIds.ShouldBe([_failure]);
        steps[1].At.ShouldBe(FailedAt);
        steps[1]
            .Deliveries.Select(delivery => (delivery.Id, delivery.Before, delivery.After))
            .ShouldBe([(_email, DeliveryStatus.Sending, DeliveryStatus.Failed), (_push, DeliveryStatus.Waiting, DeliveryStatus.Sending)]);
        steps[1].Deliveries[0].Reason.ShouldBe("no such mailbox");
        steps[2].Deliveries.ShouldHaveSingleItem().After.ShouldBe(DeliveryStatus.Sent);
        steps[2].At.ShouldBe(SentAt);
    }

    [Fact]
    public async Task Should_keep_none_of_a_step_that_lost_its_race()
    {
        await BeginAndFail();
        var late = (await Host.Store.Load(_id, CancellationToken.None))!;
        await Send();

        late.CurrentState = "Held";
        (await AnotherHost.Store.Update(Step(late) with { Kept = Kept(3, "DeliveryHeld") }, CancellationToken.None)).ShouldBeFalse();

        var steps = (await Host.Queries.StepsOf(_id, CancellationToken.None))!;
        steps.Select(step => step.Message).ShouldBe(["OrderPlaced", "DeliveryFailed", "DeliverySent"]);
    }

    [Fact]
    public async Task Should_tell_each_its_own_when_many_are_written_together()
    {
        var others = Enumerable.Range(0, 20).Select(_ => Guid.CreateVersion7()).ToList();

        await Task.WhenAll(
            BeginAndFail(),
            Task.WhenAll(
                others.Select(
                    (id, index) =>
                        Host.Store.Insert(
                            Step(Notification(id)) with
                            {
                                Kept = index % 2 == 0 ? Kept(1, $"Message{index}") : null,
                            },
                            CancellationToken.None
                        )
                )
            )
        );

        for (var index = 0; index < others.Count; index++)
        {
            var steps = (await AnotherHost.Queries.StepsOf(others[index], CancellationToken.None))!;
            steps.ShouldHaveSingleItem().Message.ShouldBe(index % 2 == 0 ? $"Message{index}" : "unknown", "it has no deliveries");
        }

        (await AnotherHost.Queries.StepsOf(_id, CancellationToken.None))!.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Should_not_claim_to_know_what_an_earlier_version_did()
    {
        var failed = Notification(_id);
        (failed.CurrentState, failed.CompletedAt) = ("Failed", FailedAt);
        failed.Deliveries = [Delivery(_email, "email", 1, DeliveryStatus.Failed, Begun)];
        await Host.Store.Insert(Step(failed), CancellationToken.None);

        var told = (await AnotherHost.Queries.StepsOf(_id, CancellationToken.None))!.ShouldHaveSingleItem();

        (told.Number, told.Message, told.Before, told.After).ShouldBe((1, "unknown", "initial", "failed"));
        told.Derived.ShouldBe("an earlier version made it, which kept no steps");
    }

    [Fact]
    public async Task Should_know_nothing_of_what_was_never_stored() =>
        (await Host.Queries.StepsOf(Guid.CreateVersion7(), CancellationToken.None)).ShouldBeNull();

    async Task BeginAndFail()
    {
        var notification = Notification(_id);
        notification.Mode = DeliveryMode.FirstThatWorks;
        notification.Deliveries =
        [
            Delivery(_email, "email", 1, DeliveryStatus.Sending, Begun),
            Delivery(_push, "push", 2, DeliveryStatus.Waiting, begunAt: null),
        ];
        (await Host.Store.Insert(Step(notification), CancellationToken.None)).ShouldBeTrue();

        var fails = (await Host.Store.Load(_id, CancellationToken.None))!;
        (fails.Deliveries[0].Status, fails.Deliveries[0].Reason, fails.Deliveries[0].SettledAt) = (
            DeliveryStatus.Failed,
            "no such mailbox",
            FailedAt
        );
        (fails.Deliveries[1].Status, fails.Deliveries[1].BegunAt) = (DeliveryStatus.Sending, FailedAt);
        var kept = Kept(2, "DeliveryFailed") with
        {
            MessageIds = [_failure],
            Before = $$$"""
                {"deliveries":{
                  "{{{_email}}}":{"channel":"email","step":1,"status":"Sending","begunAt":"1970-01-01T00:00:01+00:00",
                    "attempts":0,"reopened":0},
                  "{{{_push}}}":{"channel":"push","step":2,"status":"Waiting","attempts":0,"reopened":0}
                } }
                """,
            Changes = $$$"""
                {"deliveries":{
                  "{{{_email}}}":{"status":"Failed","reason":"no such mailbox","settledAt":"1970-01-01T00:00:02+00:00"},
                  "{{{_push}}}":{"status":"Sending","begunAt":"1970-01-01T00:00:02+00:00"}
                } }
                """,
            Caused = ["send-push"],
        };
        (await Host.Store.Update(Step(fails) with { Kept = kept }, CancellationToken.None)).ShouldBeTrue();
    }

    async Task Send()
    {
        var sent = (await Host.Store.Load(_id, CancellationToken.None))!;
        (sent.Deliveries[1].Status, sent.Deliveries[1].Provider, sent.Deliveries[1].SettledAt) = (DeliveryStatus.Sent, "fcm", SentAt);
        (sent.CurrentState, sent.CompletedAt) = ("Delivered", SentAt);
        (await Host.Store.Update(Step(sent), CancellationToken.None)).ShouldBeTrue();
    }

    static NotificationStep Step(NotificationState notification) => new(notification, Guid.CreateVersion7(), []);

    static KeptStep Kept(int number, string message) =>
        new()
        {
            Number = number,
            At = FailedAt,
            Message = message,
            MessageIds = [Guid.CreateVersion7()],
            StateBefore = number == 1 ? "Initial" : "Sending",
            StateAfter = "Sending",
            Before = """{"deliveries":{}}""",
            Changes = "{}",
            Caused = [],
        };

    static DeliveryState Delivery(Guid id, string channel, int step, DeliveryStatus status, DateTimeOffset? begunAt) =>
        new()
        {
            Id = id,
            Channel = channel,
            Address = "som@example.com",
            Step = step,
            Status = status,
            BegunAt = begunAt,
        };
}
