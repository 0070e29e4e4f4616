using System.Globalization;
using System.Net;
using NotificationBus.Contracts;
using NotificationBus.Host.Http;
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
        (await host.Get("/v1/changes"))
            .Json.GetProperty("changes")
            .GetArrayLength()
            .ShouldBe(0);
        var known = await host.Post("/v1/events/order-placed", Occurrence.ByName["order-placed"]);
        (await Cancel(host, known.Self)).Status.ShouldNotBe(HttpStatusCode.TooManyRequests);
    }

    /// <summary>B: shared lockout</summary>
    [Fact]
    public void Should_leave_a_few_to_everybody_when_some_ask_for_all()
    {
        using var unknown = new UnknownCancellations();
        for (var caller = 0; caller < 30; caller++)
            Asked(unknown, 200, _ => IPAddress.Parse($"203.0.113.{caller}")).ShouldBeLessThanOrEqualTo(UnknownCancellations.MostOfACaller);

        Asked(unknown, 20, _ => IPAddress.Parse("198.51.100.7")).ShouldBe(UnknownCancellations.FirstOfACaller);
        Asked(unknown, 20, _ => IPAddress.Parse("2001:db8::7")).ShouldBe(UnknownCancellations.FirstOfACaller);
    }

    /// <summary>B: shared lockout. One subscriber has 2^64 addresses.</summary>
    [Fact]
    public void Should_take_a_network_for_one_caller()
    {
        using var unknown = new UnknownCancellations();

        Asked(unknown, 1_000, number => IPAddress.Parse($"2001:db8:1:2::{number:x}")).ShouldBe(UnknownCancellations.MostOfACaller);
        Asked(unknown, 1_000, number => IPAddress.Parse($"2001:db8:1:3::{number:x}")).ShouldBe(UnknownCancellations.MostOfACaller);
        // An address of IPv4 is the same in the form of IPv6, and none is its neighbour.
        Asked(unknown, 1_000, number => IPAddress.Parse(number % 2 == 0 ? "203.0.113.7" : "::ffff:203.0.113.7"))
            .ShouldBe(UnknownCancellations.MostOfACaller);
        Asked(unknown, 1_000, _ => IPAddress.Parse("::ffff:203.0.113.8")).ShouldBe(UnknownCancellations.MostOfACaller);
    }

    static int Asked(UnknownCancellations unknown, int times, Func<int, IPAddress> from) =>
        Enumerable.Range(1, times).Count(number => unknown.MayAsk(from(number)));

    /// <summary>B: work that waits for nothing</summary>
    [Fact]
    public async Task Should_look_twenty_times_in_a_day()
    {
        await using var flow = await EmbeddedFlow.Start(new() { Dispatchers = 1 });
        var id = Guid.NewGuid();
        var command = new CancelNotification
        {
            NotificationId = id,
            By = "ann",
            Why = "sold",
        };
        await flow.Handle(command);
        // A second one waits no better.
        await flow.Handle(command);
        flow.Outgoing.Scheduled.ShouldBe(1);

        (await LooksInADay(flow, command)).ShouldBeInRange(10, 20);
        flow.Wire.Faults.ShouldBeEmpty();
    }

    /// <summary>B: work that waits for nothing</summary>
    [Fact]
    public void Should_keep_room_for_ten_thousand_and_forget_those_nobody_looks_for()
    {
        var clock = new FakeTimeProvider(A.Time);
        var waiting = new WaitingCancellations(clock);
        for (var number = 0; number < WaitingCancellations.Most; number++)
            Wait(waiting, $"service {number / WaitingCancellations.MostOfOne}").ShouldBeTrue();

        Wait(waiting, "another").ShouldBeFalse();
        waiting.CountRefused().ShouldBe(1);
        waiting.CountRefused().ShouldBeNull();

        clock.Advance(TimeSpan.FromMinutes(6));
        Wait(waiting, "another").ShouldBeTrue();
        waiting.CountRefused().ShouldBe(2);
    }

    /// <summary>B: work that waits for nothing</summary>
    [Fact]
    public void Should_keep_room_for_others_when_one_wants_more_than_a_thousand()
    {
        var clock = new FakeTimeProvider(A.Time);
        var waiting = new WaitingCancellations(clock);
        for (var number = 0; number < WaitingCancellations.MostOfOne; number++)
            Wait(waiting, "runaway").ShouldBeTrue();

        Wait(waiting, "runaway").ShouldBeFalse();
        Wait(waiting, "ann").ShouldBeTrue();

        var last = Guid.NewGuid();
        waiting.Remember(last, "runaway", TimeSpan.Zero);
        waiting.Forget(last);
        Wait(waiting, "runaway").ShouldBeFalse("one that is forgotten counts once");
        clock.Advance(TimeSpan.FromMinutes(6));
        Wait(waiting, "runaway").ShouldBeTrue();
    }

    /// <summary>B: work that waits for nothing. Whoever may publish may say how long it has waited.</summary>
    [Theory]
    [InlineData("9999-12-31T00:00:00Z")]
    [InlineData("2100-01-01T00:00:00Z")]
    public async Task Should_look_twenty_times_whatever_it_says(string waitingSince)
    {
        await using var flow = await EmbeddedFlow.Start(new() { Dispatchers = 1 });
        var command = new CancelNotification
        {
            NotificationId = Guid.NewGuid(),
            By = "ann",
            Why = "sold",
            WaitingSince = DateTimeOffset.Parse(waitingSince, CultureInfo.InvariantCulture),
        };

        (await LooksInADay(flow, command)).ShouldBeInRange(10, 20);
        flow.Wire.Faults.ShouldBeEmpty();
    }

    /// <summary>B: work that waits for nothing. Each says that it is the one that waits.</summary>
    [Fact]
    public async Task Should_wait_once_however_many_say_they_have_waited()
    {
        await using var flow = await EmbeddedFlow.Start(new() { Dispatchers = 1 });
        var command = new CancelNotification
        {
            NotificationId = Guid.NewGuid(),
            By = "ann",
            Why = "sold",
            WaitingSince = flow.Clock.GetUtcNow().AddMinutes(-10),
        };

        for (var time = 0; time < 20; time++)
            await flow.Handle(command);

        flow.Outgoing.Scheduled.ShouldBe(1);
    }

    static bool Wait(WaitingCancellations waiting, string by)
    {
        var id = Guid.NewGuid();
        if (!waiting.HasRoomFor(id, by))
            return false;

        waiting.Remember(id, by, TimeSpan.Zero);
        return true;
    }

    /// <summary>How often it is looked for.</summary>
    static async Task<int> LooksInADay(EmbeddedFlow flow, CancelNotification command)
    {
        await flow.Handle(command);
        var (start, looks) = (flow.Clock.GetUtcNow(), 0);
        while (flow.Clock.GetUtcNow() - start <= TimeSpan.FromDays(1) && looks < 50)
        {
            if (flow.Outgoing.LastDue is not { } due || due <= flow.Clock.GetUtcNow())
                break;

            var handled = flow.Handled<CancelNotification>();
            flow.Clock.Advance(due - flow.Clock.GetUtcNow());
            await flow.Pulse.Until(() => flow.Handled<CancelNotification>() > handled);
            looks++;
        }

        return looks;
    }

    static Task<Answer> Cancel(RunningHost host, string self) =>
        host.Post($"{self}/cancel", """{"by":"ann","why":"it is sold"}""", ("Prefer", "wait=0"));
}
