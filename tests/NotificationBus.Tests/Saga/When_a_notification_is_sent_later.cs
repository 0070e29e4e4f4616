using System.Globalization;
using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Saga;

/// <summary>18.1</summary>
public sealed class When_a_notification_is_sent_later
{
    static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    [Fact]
    public async Task Should_wait_until_then_and_say_so()
    {
        await using var flow = await EmbeddedFlow.Start(new() { Dispatchers = 1 });
        var at = flow.Clock.GetUtcNow() + 2 * Hour;

        var id = await flow.Tell(Later(at));

        var planned = await flow.Until(id, _ => true);
        planned.Deliveries.ShouldAllBe(delivery => delivery.BegunAt == at && delivery.Status == DeliveryStatus.Sending);
        planned.ExpiresAt.ShouldBe(at + TimeSpan.FromDays(1));
        var waiting = (await flow.Queries.Find(id, CancellationToken.None))!.Deliveries[0];
        (waiting.WaitingCode, waiting.WaitingUntil).ShouldBe((ReasonCode.Scheduled, at));
        flow.Clock.Advance(2 * Hour - TimeSpan.FromSeconds(1));
        flow.Push.Calls.ShouldBeEmpty();
        flow.Clock.Advance(TimeSpan.FromSeconds(6));

        (await flow.Outcome(id)).CurrentState.ShouldBe("Delivered");
        flow.Push.Calls.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Should_wait_for_longer_than_it_would_be_of_use_otherwise()
    {
        await using var flow = await EmbeddedFlow.Start(new() { Dispatchers = 1 });

        var id = await flow.Tell(An.Announcement() with { Delay = "P60D" });
        await flow.Until(id, _ => true);
        flow.Clock.Advance(TimeSpan.FromDays(60) + TimeSpan.FromSeconds(6));

        (await flow.Outcome(id)).CurrentState.ShouldBe("Delivered");
    }

    [Fact]
    public async Task Should_be_sent_at_once_when_the_time_is_past_and_say_so()
    {
        await using var flow = await EmbeddedFlow.Start();

        var id = await flow.Tell(Later(flow.Clock.GetUtcNow() - Hour));

        var end = await flow.Outcome(id);
        end.CurrentState.ShouldBe("Delivered");
        end.Decisions.ShouldContain(decision => decision.StartsWith("sendAt is past", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Should_never_be_sent_when_it_is_cancelled_or_withdrawn_before()
    {
        await using var flow = await EmbeddedFlow.Start(new() { Dispatchers = 1 });
        var at = flow.Clock.GetUtcNow() + Hour;
        var cancelled = await flow.Tell(Later(at));
        var withdrawn = await flow.Tell(Later(at) with { Keys = new Dictionary<string, string> { ["order"] = "4711" } });
        await flow.Until(cancelled, _ => true);
        await flow.Until(withdrawn, _ => true);

        await flow.Bus.Publish(
            new CancelNotification
            {
                NotificationId = cancelled,
                By = "ann",
                Why = "sold",
            }
        );
        await flow.Bus.Publish(
            new WithdrawNotifications
            {
                Key = "order:4711",
                Categories = ["announcement"],
                By = "shop",
                Why = "it was paid",
            }
        );

        (await flow.Outcome(cancelled)).Deliveries[0].Code.ShouldBe(ReasonCode.Cancelled);
        (await flow.Outcome(withdrawn)).Deliveries[0].Code.ShouldBe(ReasonCode.Withdrawn);
        flow.Clock.Advance(Hour + TimeSpan.FromSeconds(6));
        (await flow.Outgoing.TakeDue(Hour, 10, CancellationToken.None)).ShouldBeEmpty("nothing waits any more");
        flow.Push.Calls.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_escalate_as_long_after_it_was_sent()
    {
        await using var flow = await EmbeddedFlow.Start(
            new()
            {
                Dispatchers = 1,
                Mode = DeliveryMode.FirstThatWorks,
                EscalateAfter = Hour,
                EscalateUnless = DeliveryProof.Read,
            }
        );
        var id = await flow.Tell(Later(flow.Clock.GetUtcNow() + 5 * Hour));
        await flow.Until(id, _ => true);

        flow.Clock.Advance(5 * Hour + TimeSpan.FromSeconds(6));
        await flow.Until(id, notification => notification.Deliveries[0].Status == DeliveryStatus.Sent);
        flow.Email.Calls.ShouldBeEmpty("its hour begins when the first is sent");
        flow.Clock.Advance(Hour);

        (await flow.Outcome(id)).Deliveries.ShouldAllBe(delivery => delivery.Status == DeliveryStatus.Sent);
    }

    [Fact]
    public async Task Should_expire_when_its_producer_says()
    {
        await using var flow = await EmbeddedFlow.Start();
        var until = flow.Clock.GetUtcNow() + 3 * Hour;

        var id = await flow.Tell(Later(flow.Clock.GetUtcNow() + Hour) with { ExpiresAt = Text(until) });

        (await flow.Until(id, _ => true)).ExpiresAt.ShouldBe(until);
    }

    static NotificationRequested Later(DateTimeOffset at) => An.Announcement() with { SendAt = Text(at) };

    static string Text(DateTimeOffset time) => time.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffffK", CultureInfo.InvariantCulture);
}
