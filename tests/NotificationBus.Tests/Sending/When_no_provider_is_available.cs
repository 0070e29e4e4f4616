using NotificationBus.Channels.Push;
using NotificationBus.Channels.Webhook;
using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Providers;
using NotificationBus.Providers.Accounts;
using NotificationBus.Providers.Controls;
using NotificationBus.Sending;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Sending;

public sealed class When_no_provider_is_available
{
    static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    [Fact]
    public async Task Should_put_the_delivery_off_and_send_it_when_one_is_back()
    {
        await using var flow = await EmbeddedFlow.Start(new() { Dispatchers = 1 });
        flow.Push.Answers(ScriptedProvider.Unavailable, ScriptedProvider.Unavailable, ScriptedProvider.Accepted);
        var id = await flow.Tell(An.OrderShipped());

        await PutOff(flow, 1);
        flow.Find(id)!.Deliveries[0].Status.ShouldBe(DeliveryStatus.Sending);
        var waiting = (await flow.Queries.Find(id, CancellationToken.None))!.Deliveries[0];
        (waiting.WaitingUntil, waiting.WaitingFor).ShouldBe(
            (flow.Clock.GetUtcNow().AddSeconds(5), "no provider is available, the last one said: too busy")
        );
        flow.Clock.Advance(TimeSpan.FromSeconds(5));
        await PutOff(flow, 2);
        flow.Clock.Advance(TimeSpan.FromSeconds(10));

        (await flow.Outcome(id)).CurrentState.ShouldBe("Delivered");
        var sent = (await flow.Queries.Find(id, CancellationToken.None))!.Deliveries[0];
        (sent.WaitingUntil, sent.WaitingFor).ShouldBe((null, null));
        sent.Attempts.Select(attempt => (attempt.Number, attempt.Status))
            .ShouldBe([(1, AttemptStatus.Unavailable), (2, AttemptStatus.Unavailable), (3, AttemptStatus.Accepted)]);
    }

    [Fact]
    public async Task Should_not_come_back_before_the_provider_wants_it()
    {
        await using var flow = await EmbeddedFlow.Start(new() { Dispatchers = 1 });
        var rounds = 0;
        flow.Outgoing.BeforeDispatch = () =>
        {
            Interlocked.Increment(ref rounds);
            flow.Pulse.Beat();
        };
        flow.Push.Answers(new ProviderResult.Unavailable("too busy", RetryAfter: Hour, OnlyThisDelivery: true), ScriptedProvider.Accepted);
        var id = await flow.Tell(An.OrderShipped());
        await PutOff(flow, 1);
        await flow.Pulse.Until(() => Waits(flow));

        var before = Volatile.Read(ref rounds);
        flow.Clock.Advance(Hour - TimeSpan.FromSeconds(30));
        // Whoever dispatches may just have looked when the clock moves, and then waits from there.
        for (var looks = 0; looks < 5; looks++)
        {
            await flow.Pulse.Until(() => Waits(flow));
            flow.Clock.Advance(TimeSpan.FromSeconds(5.5));
        }

        await flow.Pulse.Until(() => Volatile.Read(ref rounds) > before && Waits(flow));
        flow.Wire.Published.Count(message => message.Type == nameof(SendDelivery))
            .ShouldBe(1, "whoever dispatches has looked and found nothing");
        flow.Push.Calls.Count.ShouldBe(1);
        // What the provider wants, and then the chance that keeps those apart who were turned away together.
        flow.Clock.Advance(TimeSpan.FromSeconds(9));

        (await flow.Outcome(id)).CurrentState.ShouldBe("Delivered");
    }

    [Fact]
    public async Task Should_mark_it_expired_rather_than_send_it_too_late()
    {
        await using var flow = await EmbeddedFlow.Start(new() { Dispatchers = 1 });
        flow.Push.Answers(ScriptedProvider.Unavailable, ClosedForAWeek);
        var id = await flow.Tell(An.OrderShipped());
        await PutOff(flow, 1);

        UntilItIsTooLateToPutOff(flow);

        var notification = await flow.Outcome(id);
        notification.CurrentState.ShouldBe("Expired");
        notification.Deliveries[0].Status.ShouldBe(DeliveryStatus.Expired);
        flow.OutcomesOf(id).ShouldHaveSingleItem().ShouldBeOfType<NotificationExpired>().Reason.ShouldContain("closed for a week");
    }

    [Fact]
    public async Task Should_not_call_anybody_when_the_command_is_taken_too_late()
    {
        await using var flow = await EmbeddedFlow.Start(new() { Dispatchers = 1 });
        flow.Push.Answers(ScriptedProvider.Unavailable);
        var id = await flow.Tell(An.OrderShipped());
        await PutOff(flow, 1);

        flow.Clock.Advance(25 * Hour);

        (await flow.Outcome(id)).CurrentState.ShouldBe("Expired");
        flow.Push.Calls.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Should_report_what_a_worker_that_died_had_sent_in_time()
    {
        await using var flow = await EmbeddedFlow.Start(new() { Dispatchers = 1 });
        flow.Push.Answers(ScriptedProvider.Unavailable);
        var id = await flow.Tell(An.OrderShipped());
        await PutOff(flow, 1);
        var delivery = flow.Find(id)!.Deliveries[0];
        var attempt = new DeliveryAttempt
        {
            DeliveryId = delivery.Id,
            NotificationId = id,
            Number = 2,
            Channel = "push",
            Provider = "scripted",
            Status = AttemptStatus.Started,
        };
        (await flow.Ledger.Claim(attempt, delivery.Address, "order-shipped", Hour, CancellationToken.None)).Granted.ShouldBeTrue();
        await flow.Ledger.Record(
            attempt with
            {
                Status = AttemptStatus.Accepted,
                ProviderMessageId = "theirs",
            },
            suppressedAddress: null,
            CancellationToken.None
        );

        flow.Clock.Advance(25 * Hour);

        var notification = await flow.Outcome(id);
        (notification.CurrentState, notification.Deliveries[0].ProviderMessageId).ShouldBe(("Delivered", "theirs"));
        flow.Push.Calls.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Should_try_the_next_channel_at_once_when_there_is_one()
    {
        await using var flow = await EmbeddedFlow.Start(
            new() { Mode = NotificationBus.Model.DeliveryMode.FirstThatWorks, Dispatchers = 1 }
        );
        flow.Email.Answers(ScriptedProvider.Unavailable);

        var id = await flow.Tell(An.OrderPlaced());

        var notification = await flow.Outcome(id);
        notification.CurrentState.ShouldBe("Delivered");
        notification.Deliveries.Select(delivery => delivery.Status).ShouldBe([DeliveryStatus.Failed, DeliveryStatus.Sent]);
        notification.Deliveries[0].Reason.ShouldBe("no provider is available, the last one said: too busy");
    }

    [Fact]
    public async Task Should_wait_for_the_claim_of_a_dead_worker_to_run_out_without_holding_the_command()
    {
        await using var flow = await EmbeddedFlow.Start(new() { Dispatchers = 1 });
        var id = DeliveryOf(flow, out var happened);
        await flow.Ledger.Claim(
            new DeliveryAttempt
            {
                DeliveryId = id.Delivery,
                NotificationId = id.Notification,
                Number = 1,
                Channel = "push",
                Provider = "scripted",
                Status = AttemptStatus.Started,
            },
            "phone",
            "order-shipped",
            Hour,
            CancellationToken.None
        );

        await flow.Tell(happened);
        await PutOff(flow, 1);
        flow.Push.Calls.ShouldBeEmpty();
        flow.Clock.Advance(Hour);

        (await flow.Outcome(id.Notification)).CurrentState.ShouldBe("Delivered");
        var attempts = (await flow.Queries.Find(id.Notification, CancellationToken.None))!.Deliveries[0].Attempts;
        attempts.Select(attempt => attempt.Status).ShouldBe([AttemptStatus.InDoubt, AttemptStatus.Accepted]);
    }

    /// <summary>A10: whoever waits for a provider does not sleep on when one is back.</summary>
    [Theory]
    [InlineData("switched on")]
    [InlineData("held closed")]
    [InlineData("a probe that passed")]
    public async Task Should_be_sent_as_soon_as_a_provider_is_called_again(string because)
    {
        await using var flow = await EmbeddedFlow.Start(new() { Dispatchers = 1 });
        if (because == "switched on")
            await flow.Set("scripted", new ProviderControl { Switch = ProviderSwitch.Off });
        else
            await flow.Health.Open("scripted", Hour, "down", needsAttention: false);
        await flow.UntilBoard(controls => ProviderAccount.IsShut(controls, "scripted"));
        var id = await flow.Tell(An.OrderShipped());
        await PutOff(flow, 1);

        if (because == "a probe that passed")
            await flow.Health.ProbePassed("scripted", needed: 1);
        else
            await flow.Set("scripted", new ProviderControl { Pin = because == "held closed" ? CircuitPin.Closed : null });

        (await flow.Outcome(id)).CurrentState.ShouldBe("Delivered");
        flow.Push.Calls.Count.ShouldBe(1);
    }

    /// <summary>A10: the same for one that was asked, and whose answer, or that of another call, has shut it.</summary>
    [Fact]
    public async Task Should_be_sent_as_soon_as_a_provider_is_called_again_that_was_asked_before_it_was_shut()
    {
        await using var flow = await EmbeddedFlow.Start(new() { Dispatchers = 1 });
        flow.Push.Answers(ClosedForAWeek, ScriptedProvider.Accepted);
        var id = await flow.Tell(An.OrderShipped());
        await PutOff(flow, 1);
        await flow.Health.Open("scripted", Hour, "down", needsAttention: false);
        await flow.UntilBoard(controls => ProviderAccount.IsShut(controls, "scripted"));

        await flow.Health.ProbePassed("scripted", needed: 1);

        (await flow.Outcome(id)).CurrentState.ShouldBe("Delivered");
    }

    /// <summary>A10: whoever is shut and opened again in a moment, while another one has just been, is not missed.</summary>
    [Fact]
    public async Task Should_be_sent_when_its_channel_is_resumed_in_the_moment_after_a_provider_was_switched_on()
    {
        await using var flow = await EmbeddedFlow.Start(new() { Dispatchers = 1 });
        await flow.Set("scripted", new ProviderControl { Switch = ProviderSwitch.Off });
        await flow.UntilBoard(controls => ProviderAccount.IsShut(controls, "scripted"));
        await flow.Set("scripted", new ProviderControl());
        await flow.UntilBoard(controls => !ProviderAccount.IsShut(controls, "scripted"));
        await Pause(flow, paused: true);
        var id = await flow.Tell(An.OrderShipped());
        await PutOff(flow, 1);

        await Pause(flow, paused: false);

        (await flow.Outcome(id)).CurrentState.ShouldBe("Delivered");
    }

    static async Task Pause(EmbeddedFlow flow, bool paused)
    {
        await flow.Controls.ChangeChannel(
            "push",
            _ => new ChannelControl { Paused = paused },
            new ChangedBy("ann", "a wrong template"),
            CancellationToken.None
        );
        await flow.UntilBoard(controls => controls.Channel("push").Paused == paused);
    }

    /// <summary>A10: in doubt that runs out of time is no failure that is known.</summary>
    [Fact]
    public async Task Should_say_that_it_may_have_been_sent_when_it_expires_in_doubt()
    {
        await using var flow = await EmbeddedFlow.Start(new() { Dispatchers = 1 });
        flow.Push.Answers(ScriptedProvider.InDoubt);
        var id = await flow.Tell(An.OrderShipped());
        await PutOff(flow, 1);

        flow.Clock.Advance(25 * Hour);

        (await flow.Outcome(id)).CurrentState.ShouldBe("Expired");
        flow.OutcomesOf(id)
            .ShouldHaveSingleItem()
            .ShouldBeOfType<NotificationExpired>()
            .Reason.ShouldBe("push: it was too late when the worker got to it; it may have been sent");
        flow.Push.Calls.Count.ShouldBe(1);
    }

    /// <summary>A10: the same when the next pause would be too long.</summary>
    [Fact]
    public async Task Should_say_that_it_may_have_been_sent_when_there_is_no_time_to_repeat_it()
    {
        await using var flow = await EmbeddedFlow.Start(new() { Dispatchers = 1 });
        flow.Push.Answers(ScriptedProvider.InDoubt, ClosedForAWeek);
        var id = await flow.Tell(An.OrderShipped());
        await PutOff(flow, 1);

        UntilItIsTooLateToPutOff(flow);

        (await flow.Outcome(id)).CurrentState.ShouldBe("Expired");
        flow.OutcomesOf(id)
            .ShouldHaveSingleItem()
            .ShouldBeOfType<NotificationExpired>()
            .Reason.ShouldEndWith("closed for a week; it may have been sent");
    }

    /// <summary>A10: what an operator is to decide about comes to one, also when it is too late to send.</summary>
    [Theory]
    [InlineData("nobody got to it")]
    [InlineData("nobody takes it")]
    public async Task Should_come_to_an_operator_who_decides_about_what_is_in_doubt_when_in_time(string what)
    {
        await using var flow = await EmbeddedFlow.Start(new() { Dispatchers = 1, OnInDoubt = NotificationBus.Model.InDoubtPolicy.Hold });
        flow.Push.KnowsRepetitionFor = 48 * Hour;
        flow.Push.Answers(ScriptedProvider.InDoubt, ClosedForAWeek);
        var id = await flow.Tell(An.OrderShipped());
        await PutOff(flow, 1);

        if (what == "nobody got to it")
            flow.Clock.Advance(25 * Hour);
        else
            UntilItIsTooLateToPutOff(flow);

        var delivery = (await flow.Until(id, notification => notification.Deliveries[0].Status != DeliveryStatus.Sending)).Deliveries[0];
        (delivery.Status, delivery.Provider, delivery.Reason).ShouldBe((DeliveryStatus.Held, "scripted", "the line went dead"));
        flow.OutcomesOf(id).ShouldBeEmpty();
    }

    /// <summary>A10: the same for what a worker left, which may be at it still.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(26)]
    public async Task Should_come_to_an_operator_who_decides_about_what_a_worker_left(int lease)
    {
        await using var flow = await EmbeddedFlow.Start(new() { Dispatchers = 1, OnInDoubt = NotificationBus.Model.InDoubtPolicy.Hold });
        flow.Push.Answers(ScriptedProvider.Unavailable);
        var id = await flow.Tell(An.OrderShipped());
        await PutOff(flow, 1);
        var delivery = flow.Find(id)!.Deliveries[0];
        var attempt = new DeliveryAttempt
        {
            DeliveryId = delivery.Id,
            NotificationId = id,
            Number = 2,
            Channel = "push",
            Provider = "scripted",
            Status = AttemptStatus.Started,
        };
        (await flow.Ledger.Claim(attempt, delivery.Address, "order-shipped", lease * Hour, CancellationToken.None)).Granted.ShouldBeTrue();

        flow.Clock.Advance(25 * Hour);
        if (lease > 25)
        {
            await PutOff(flow, 2);
            flow.Find(id)!.Deliveries[0].Status.ShouldBe(DeliveryStatus.Sending);
            await flow.Pulse.Until(() => Waits(flow));
            flow.Clock.Advance(Hour);
        }

        delivery = (await flow.Until(id, notification => notification.Deliveries[0].Status != DeliveryStatus.Sending)).Deliveries[0];
        (delivery.Status, delivery.Attempts).ShouldBe((DeliveryStatus.Held, 2));
        (await flow.Ledger.AttemptsOf(id, delivery.Id, CancellationToken.None))[1].Status.ShouldBe(AttemptStatus.InDoubt);
        flow.Push.Calls.Count.ShouldBe(1);
    }

    /// <summary>
    /// A10: for another worker that is at it, it waits as long as it is of use: until it is too late, or for an operator until it is known
    /// what came of it.
    /// </summary>
    [Theory]
    [InlineData(NotificationBus.Model.InDoubtPolicy.Hold)]
    [InlineData(NotificationBus.Model.InDoubtPolicy.Resend)]
    public async Task Should_wait_for_another_worker_no_longer_than_is_of_use(NotificationBus.Model.InDoubtPolicy policy)
    {
        await using var flow = await EmbeddedFlow.Start(new() { Dispatchers = 1, OnInDoubt = policy });
        flow.Push.Answers(ScriptedProvider.Unavailable);
        var id = await flow.Tell(An.OrderShipped());
        await PutOff(flow, 1);
        var (delivery, expiresAt) = (flow.Find(id)!.Deliveries[0], flow.Find(id)!.ExpiresAt);
        var attempt = new DeliveryAttempt
        {
            DeliveryId = delivery.Id,
            NotificationId = id,
            Number = 2,
            Channel = "push",
            Provider = "scripted",
            Status = AttemptStatus.Started,
        };
        var leaseEnds = flow.Clock.GetUtcNow() + (26 * Hour);
        await flow.Ledger.Claim(attempt, delivery.Address, "order-shipped", 26 * Hour, CancellationToken.None);

        flow.Clock.Advance(TimeSpan.FromSeconds(5));
        await PutOff(flow, 2);
        await flow.Pulse.Until(() => !flow.Outgoing.IsPublishing);

        leaseEnds.ShouldBeGreaterThan(expiresAt);
        (await flow.Outgoing.WaitingOf(id, CancellationToken.None))
            .ShouldHaveSingleItem()
            .Until.ShouldBe(policy == NotificationBus.Model.InDoubtPolicy.Hold ? leaseEnds : expiresAt);
    }

    static ProviderResult ClosedForAWeek => new ProviderResult.Unavailable("closed for a week", RetryAfter: 7 * 24 * Hour);

    static void UntilItIsTooLateToPutOff(EmbeddedFlow flow) => flow.Clock.Advance(24 * Hour - TimeSpan.FromSeconds(5));

    static (Guid Notification, Guid Delivery) DeliveryOf(EmbeddedFlow flow, out OrderShipped happened)
    {
        happened = An.OrderShipped(eventId: "shipment-1");
        var notification = flow.MapOf<OrderShipped>().NotificationId(happened, Guid.Empty);
        return (notification, NotificationBus.Model.DeterministicId.From("delivery", notification.ToString("N"), "push", "0"));
    }

    /// <summary>Whoever dispatches waits for the clock.</summary>
    static bool Waits(EmbeddedFlow flow) => flow.Clock.AlarmsWithin(TimeSpan.FromSeconds(5)) > 0;

    static Task PutOff(EmbeddedFlow flow, int times) => flow.Pulse.Until(() => flow.Outgoing.Scheduled == times);
}

public sealed class When_a_delivery_is_put_off
{
    static readonly DateTimeOffset Now = new(2026, 3, 14, 9, 26, 53, TimeSpan.Zero);

    [Fact]
    public void Should_wait_longer_each_time_and_never_longer_than_the_longest()
    {
        foreach (var (redeliveries, most) in new[] { (0, 5), (1, 10), (2, 20), (7, 600), (40, 600), (int.MaxValue, 600) })
        {
            var delays = Enumerable.Range(0, 2000).Select(seed => Delay(redeliveries, new Random(seed))).ToList();

            delays.Max().ShouldBeInRange(TimeSpan.FromSeconds(most * 0.99), TimeSpan.FromSeconds(most));
            delays.Min().ShouldBeInRange(TimeSpan.Zero, TimeSpan.FromSeconds(most * 0.01));
            delays.Average(delay => delay.TotalSeconds).ShouldBe(most / 2.0, most * 0.05);
        }
    }

    [Theory]
    [InlineData("webhook", null, 0, 5)]
    [InlineData("webhook", null, 1, 5 * 60)]
    [InlineData("webhook", null, 4, 5 * 3600)]
    [InlineData("webhook", null, 40, 24 * 3600)]
    [InlineData("webhook", 7, 1, 7)]
    [InlineData("push", 7, 0, 7)]
    public void Should_wait_as_the_channels_standard_or_its_settings_say(string channel, int? set, int redeliveries, int about)
    {
        var delays = Enumerable
            .Range(0, 2000)
            .Select(seed => Delay(redeliveries, new Random(seed), channel, set is { } seconds ? [TimeSpan.FromSeconds(seconds)] : []))
            .ToList();

        delays.Max().TotalSeconds.ShouldBeInRange(about * 1.19, about * 1.2);
        delays.Min().TotalSeconds.ShouldBeInRange(about * 0.8, about * 0.81);
    }

    [Fact]
    public void Should_wait_longer_than_the_standard_says_when_the_endpoint_asks_for_it() =>
        Delay(0, new Random(1), "webhook", atLeast: TimeSpan.FromMinutes(2)).ShouldBe(TimeSpan.FromMinutes(2));

    /// <summary>A10: a provider that is back is noticed within two minutes, however long it was away.</summary>
    [Fact]
    public void Should_wait_a_minute_more_at_most_while_it_is_the_providers_that_do_not_work()
    {
        foreach (var (atLeast, most) in new[] { ((TimeSpan?)null, 60), (TimeSpan.FromSeconds(30), 90) })
        {
            var delays = Enumerable
                .Range(0, 2000)
                .Select(seed => Delay(40, new Random(seed), atLeast: atLeast, notNow: OfThisDelivery with { IsOutage = true }))
                .ToList();

            delays.Max().ShouldBeInRange(TimeSpan.FromSeconds(most * 0.99), TimeSpan.FromSeconds(most));
            delays.Min().ShouldBeGreaterThanOrEqualTo(atLeast ?? TimeSpan.Zero);
        }
    }

    /// <summary>
    /// A10: who says that it takes longer than the notification is of use may be wrong, and one that opens its circuit for an hour as well.
    /// </summary>
    [Theory]
    [InlineData(3600, 1800)]
    [InlineData(60, 30)]
    [InlineData(10, 5)]
    [InlineData(9.9, null)]
    public void Should_come_when_half_of_the_time_is_over_rather_than_not_at_all(double lifetime, int? seconds)
    {
        foreach (var channel in new[] { "push", "webhook" })
        {
            var due = Due(0, new Random(1), channel, atLeast: TimeSpan.FromSeconds(lifetime), lifetime: TimeSpan.FromSeconds(lifetime));

            due.ShouldBe(seconds is { } after ? Now.AddSeconds(after) : null);
        }
    }

    /// <summary>A10: what may have been sent is not sent again only because its time runs out.</summary>
    [Fact]
    public void Should_not_come_earlier_than_it_would_when_it_is_in_doubt() =>
        Due(0, new Random(1), notNow: OfThisDelivery with { EndedInDoubt = true, InDoubt = 8 }, lifetime: TimeSpan.FromMinutes(30))
            .ShouldBeNull();

    /// <summary>A10: what may have been sent each time is repeated over hours.</summary>
    [Fact]
    public void Should_wait_three_times_as_long_each_time_that_it_is_in_doubt()
    {
        foreach (var (inDoubt, most) in new[] { (1, 5), (2, 15), (3, 45), (5, 405), (8, 3600), (1000, 3600) })
        {
            var delays = Enumerable.Range(0, 2000).Select(seed => Delay(0, new Random(seed), notNow: InDoubt(inDoubt))).ToList();

            delays.Max().ShouldBeInRange(TimeSpan.FromSeconds(most * 0.99), TimeSpan.FromSeconds(most));
            delays.Min().ShouldBeInRange(TimeSpan.FromSeconds(most * 0.5), TimeSpan.FromSeconds(most * 0.51));
        }

        var all = Enumerable
            .Range(1, new RedeliveryOptions().MostInDoubt - 1)
            .Sum(inDoubt => Delay(0, new Random(inDoubt), notNow: InDoubt(inDoubt)).TotalHours);
        all.ShouldBeInRange(1.5, 4);
        Delay(0, new Random(1), notNow: InDoubt(1), atLeast: TimeSpan.FromMinutes(2))
            .ShouldBe(TimeSpan.FromMinutes(2), "it asked for that");
        Delay(0, new Random(1), "webhook", notNow: InDoubt(1))
            .ShouldBeLessThanOrEqualTo(TimeSpan.FromSeconds(5), "the list of the channel is for what was not sent");

        static ChainOutcome.NotNow InDoubt(int times) => OfThisDelivery with { EndedInDoubt = true, InDoubt = times };
    }

    /// <summary>A10: when nobody knows a repetition any more, something else is decided, and not only when the pause is over.</summary>
    [Fact]
    public void Should_come_in_time_for_what_is_decided_then()
    {
        var most = TimeSpan.FromSeconds(2);
        foreach (
            var notNow in new[]
            {
                OfThisDelivery,
                OfThisDelivery with
                {
                    IsOutage = true,
                },
                OfThisDelivery with
                {
                    EndedInDoubt = true,
                    InDoubt = 5,
                },
            }
        )
        {
            var delays = Enumerable
                .Range(0, 2000)
                .Select(seed => Delay(10, new Random(seed), notNow: notNow with { AtMost = most }))
                .ToList();

            delays.Max().ShouldBe(most);
        }

        Delay(10, new Random(1), atLeast: TimeSpan.FromHours(1), notNow: OfThisDelivery with { AtMost = most }).ShouldBe(most);
    }

    /// <summary>
    /// A10: nothing else ends the repetition while the provider knows it, and operators may have set a pause of a second.
    /// </summary>
    [Fact]
    public void Should_wait_for_a_minute_at_least_when_it_was_in_doubt_ten_times_where_a_repetition_is_known()
    {
        foreach (
            var (inDoubt, known, least, most) in new[]
            {
                (9, true, 0.5, 1),
                (10, true, 60, 120),
                (1000, true, 60, 120),
                (1000, false, 0.5, 1),
            }
        )
        {
            var notNow = OfThisDelivery with { EndedInDoubt = true, InDoubt = inDoubt, AtMost = known ? Hour : null };
            var options = new RedeliveryOptions { FirstDelay = TimeSpan.FromSeconds(0.1), LongestDelayInDoubt = TimeSpan.FromSeconds(1) };
            var delays = Enumerable.Range(0, 2000).Select(seed => Delay(0, new Random(seed), notNow: notNow, options: options)).ToList();

            delays.Min().ShouldBeInRange(TimeSpan.FromSeconds(least), TimeSpan.FromSeconds(least * 1.01));
            delays.Max().ShouldBeInRange(TimeSpan.FromSeconds(most * 0.99), TimeSpan.FromSeconds(most));
        }
    }

    /// <summary>Reliability, row 37: what a circuit has turned away does not meet together who is just back.</summary>
    [Fact]
    public void Should_come_again_at_no_more_than_five_hundred_a_second_when_many_wait_for_it()
    {
        var shut = new ChainOutcome.NotNow
        {
            Reason = "its circuit is open",
            Code = ReasonCode.CircuitOpen,
            IsOutage = true,
            WaitsForProvider = true,
            AtLeast = TimeSpan.FromSeconds(30),
        };
        var redelivery = Redelivery(new Random(11), "push", [], new RedeliveryOptions(), new FakeTimeProvider(A.Time));

        var delays = Enumerable
            .Range(0, 10_000)
            .Select(_ => (redelivery.Next(Command("push", 0, TimeSpan.FromDays(2)), shut)!.Value - Now).TotalSeconds)
            .ToList();

        delays.Min().ShouldBeGreaterThanOrEqualTo(30);
        delays.CountBy(delay => (int)delay).Max(second => second.Value).ShouldBeLessThan(600);
        delays.Max().ShouldBeLessThan(30 + 20 + 5);
        redelivery.Next(Command("webhook", 0, TimeSpan.FromDays(2)), shut).ShouldNotBeNull().ShouldBeLessThan(Now.AddSeconds(30 + 8));
    }

    static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    static ChainOutcome.NotNow OfThisDelivery => new() { Reason = "too busy", Code = ReasonCode.Unavailable };

    static TimeSpan Delay(
        int redeliveries,
        Random chance,
        string channel = "push",
        IReadOnlyList<TimeSpan>? set = null,
        TimeSpan? atLeast = null,
        ChainOutcome.NotNow? notNow = null,
        RedeliveryOptions? options = null
    ) => Due(redeliveries, chance, channel, set, atLeast, notNow, options)!.Value - Now;

    static DateTimeOffset? Due(
        int redeliveries,
        Random chance,
        string channel = "push",
        IReadOnlyList<TimeSpan>? set = null,
        TimeSpan? atLeast = null,
        ChainOutcome.NotNow? notNow = null,
        RedeliveryOptions? options = null,
        TimeSpan? lifetime = null
    )
    {
        var clock = new FakeTimeProvider(A.Time);
        var redelivery = Redelivery(chance, channel, set ?? [], options ?? new RedeliveryOptions(), clock);
        clock.GetUtcNow().ShouldBe(Now);
        return redelivery.Next(
            Command(channel, redeliveries, lifetime ?? TimeSpan.FromDays(2)),
            (notNow ?? OfThisDelivery) with
            {
                AtLeast = atLeast,
            }
        );
    }

    static Redelivery Redelivery(
        Random chance,
        string channel,
        IReadOnlyList<TimeSpan> delays,
        RedeliveryOptions options,
        TimeProvider clock
    ) =>
        new(
            new NotificationBus.Embedded.InMemoryOutgoingMessages(clock),
            new ChannelSet([new PushChannel(), new WebhookChannel()]),
            new Dictionary<string, ChannelOptions>(StringComparer.Ordinal) { [channel] = new() { RedeliveryDelays = delays } },
            Microsoft.Extensions.Options.Options.Create(options),
            clock,
            chance,
            An.News()
        );

    static SendDelivery Command(string channel, int redeliveries, TimeSpan lifetime) =>
        new()
        {
            NotificationId = Guid.Empty,
            DeliveryId = Guid.Empty,
            Channel = channel,
            Address = "phone",
            Category = "order-shipped",
            RecipientId = "buyer-7",
            Data = default,
            ExpiresAt = Now + lifetime,
            Redeliveries = redeliveries,
        };
}
