using System.Net;

using NotificationBus.Contracts;
using NotificationBus.Saga;
using NotificationBus.Tests.Host;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Saga;

/// <summary>B: work that waits for nothing.</summary>
public sealed class When_what_never_was_is_cancelled
{
    /// <summary>B: work that waits for nothing</summary>
    [Fact]
    public async Task Should_wait_for_a_hundred_of_a_caller_and_no_more()
    {
        await using var host = new RunningHost { Settings = ["--EventTypes:order-placed:Channels=email"] };
        await host.InitializeAsync();

        var answers = new List<Answer>();
        for (var number = 0; number < 110; number++)
            answers.Add(await Cancel(host, $"/v1/notifications/{Guid.NewGuid()}"));

        answers.Take(100).ShouldAllBe(answer => answer.Status == HttpStatusCode.Accepted);
        foreach (var answer in answers.Skip(100))
        {
            answer.ShouldBeProblem(HttpStatusCode.TooManyRequests, "too-many-unknown");
            answer.Headers.RetryAfter.ShouldNotBeNull();
        }

        // Nobody has to answer for what never was.
        (await host.Get("/v1/changes")).Json.GetProperty("changes").GetArrayLength().ShouldBe(0);
        var known = await host.Post("/v1/events/order-placed", Occurrence.ByName["order-placed"]);
        (await Cancel(host, known.Self)).Status.ShouldNotBe(HttpStatusCode.TooManyRequests);
    }

    /// <summary>B: work that waits for nothing</summary>
    [Fact]
    public async Task Should_look_twenty_times_in_a_day()
    {
        await using var flow = await EmbeddedFlow.Start(dispatchers: 1);
        var id = Guid.NewGuid();
        await flow.Handle(new CancelNotification { NotificationId = id, By = "ann", Why = "sold" });
        // A second one waits no better.
        await flow.Handle(new CancelNotification { NotificationId = id, By = "ann", Why = "sold" });
        flow.Outgoing.Scheduled.ShouldBe(1);

        var (start, wait, looks) = (flow.Clock.GetUtcNow(), TimeSpan.FromMilliseconds(250), 0);
        while (flow.Clock.GetUtcNow() - start <= TimeSpan.FromDays(1))
        {
            var handled = flow.Handled<CancelNotification>();
            flow.Clock.Advance(wait);
            await flow.Pulse.Until(() => flow.Handled<CancelNotification>() > handled);
            (wait, looks) = (flow.Clock.GetUtcNow() - start, looks + 1);
        }

        looks.ShouldBeLessThanOrEqualTo(20);
        flow.Wire.Faults.ShouldBeEmpty();
    }

    /// <summary>B: work that waits for nothing</summary>
    [Fact]
    public void Should_keep_room_for_ten_thousand_and_forget_those_nobody_looks_for()
    {
        var clock = new ManualClock();
        var waiting = new WaitingCancellations(clock);
        for (var number = 0; number < WaitingCancellations.Most; number++)
        {
            var id = Guid.NewGuid();
            waiting.HasRoomFor(id).ShouldBeTrue();
            waiting.Remember(id, clock.GetUtcNow());
        }

        waiting.HasRoomFor(Guid.NewGuid()).ShouldBeFalse();

        clock.Advance(TimeSpan.FromMinutes(6));
        waiting.HasRoomFor(Guid.NewGuid()).ShouldBeTrue();
    }

    static Task<Answer> Cancel(RunningHost host, string self) =>
        host.Post($"{self}/cancel", """{"by":"ann","why":"it is sold"}""", ("Prefer", "wait=0"));
}
