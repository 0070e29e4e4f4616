using NotificationBus.Contracts;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Sending;

/// <summary>A32: an event that is repeated without end buries no person, and nothing of it is lost.</summary>
public sealed class When_an_address_is_sent_much_at_once
{
    const int Events = 8;

    static readonly TimeSpan Turn = TimeSpan.FromSeconds(20);

    static readonly string[] ByPush = ["push"];

    /// <summary>Three in a minute: three at once, and then one each 20 seconds.</summary>
    static FlowOptions Three => new() { Dispatchers = 1, Set = channels => channels["push"].AddressLimit = 3 };

    [Fact]
    public async Task Should_put_the_rest_off_to_their_turns_and_send_each()
    {
        await using var flow = await EmbeddedFlow.Start(Three);
        var ids = new List<Guid>();
        for (var number = 0; number < Events; number++)
            ids.Add(await flow.Tell(An.Announcement(channels: ByPush)));
        await flow.Pulse.Until(() => flow.Push.Calls.Count == 3 && flow.Outgoing.Scheduled == Events - 3);
        var start = flow.Clock.GetUtcNow();

        var waiting = new List<DateTimeOffset>();
        foreach (var id in ids)
        {
            var delivery = (await flow.Queries.Find(id, CancellationToken.None))!.Deliveries[0];
            if (delivery.WaitingUntil is not { } until)
                continue;

            (delivery.WaitingFor, delivery.WaitingCode).ShouldBe(("the address is sent no more than 3 in 60 s", ReasonCode.AddressLimit));
            waiting.Add(until);
        }

        waiting.Sort();
        waiting.ShouldBe([.. Enumerable.Range(1, Events - 3).Select(turn => start + turn * Turn)], "each has a turn of its own");

        for (var sent = 4; sent <= Events; sent++)
        {
            flow.Clock.Advance(Turn);
            await flow.Pulse.Until(() => flow.Push.Calls.Count == sent);
        }

        foreach (var id in ids)
            (await flow.Outcome(id)).CurrentState.ShouldBe("Delivered");
        flow.Push.Calls.Count.ShouldBe(Events, "each once");
    }

    [Fact]
    public async Task Should_hold_nobody_else_up()
    {
        await using var flow = await EmbeddedFlow.Start(Three);
        for (var number = 0; number < Events; number++)
            await flow.Tell(An.Announcement(channels: ByPush));
        await flow.Pulse.Until(() => flow.Outgoing.Scheduled == Events - 3);

        var other = await flow.Tell(An.Announcement(A.Buyer, channels: ByPush));

        (await flow.Outcome(other)).CurrentState.ShouldBe("Delivered");
    }

    /// <summary>A turn after its end is no turn: it is said at once, and why.</summary>
    [Fact]
    public async Task Should_say_of_what_would_be_too_late_that_it_was_not_sent()
    {
        await using var flow = await EmbeddedFlow.Start(
            new()
            {
                Dispatchers = 1,
                Set = channels => (channels["push"].AddressLimit, channels["push"].AddressWindow) = (1, TimeSpan.FromDays(1)),
            }
        );
        var ids = new List<Guid>();
        for (var number = 0; number < Events; number++)
            ids.Add(await flow.Tell(An.Announcement(channels: ByPush)));

        await flow.Pulse.Until(() => ids.Exists(id => flow.Find(id)?.CurrentState == "Expired"));
        var expired = ids.First(id => flow.Find(id)!.CurrentState == "Expired");
        var delivery = (await flow.Queries.Find(expired, CancellationToken.None))!.Deliveries[0];
        delivery.Code.ShouldBe(ReasonCode.Expired);
        delivery.Reason.ShouldBe("not sent in time: the address is sent no more than 1 in 86400 s");
        delivery.Decisions!.Select(decision => decision.Code).ShouldContain(ReasonCode.AddressLimit);
    }

    /// <summary>A try that is repeated is no further message to the person.</summary>
    [Fact]
    public async Task Should_count_a_delivery_once_however_often_it_is_tried()
    {
        await using var flow = await EmbeddedFlow.Start(Three);
        flow.Push.Answers(
            ScriptedProvider.Unavailable,
            ScriptedProvider.Unavailable,
            ScriptedProvider.Unavailable,
            ScriptedProvider.Unavailable,
            ScriptedProvider.Accepted
        );
        var id = await flow.Tell(An.Announcement(channels: ByPush));
        for (var tries = 1; tries <= 4; tries++)
        {
            await flow.Pulse.Until(() => flow.Push.Calls.Count == tries && flow.Outgoing.Scheduled == tries);
            flow.Clock.Advance(TimeSpan.FromMinutes(2));
        }

        (await flow.Outcome(id)).CurrentState.ShouldBe("Delivered");
        (await flow.Queries.Find(id, CancellationToken.None))!
            .Deliveries[0]
            .Decisions!.ShouldNotContain(decision => decision.Code == ReasonCode.AddressLimit);
    }
}
