using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Notifications;
using NotificationBus.Providers.Accounts;
using NotificationBus.Providers.Controls;
using NotificationBus.Providers.Routing;
using NotificationBus.Sending;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Notifications;

/// <summary>What was not sent says why in one word; what waits says for what; and what was sent says neither.</summary>
public sealed class When_it_is_asked_why_nothing_was_sent
{
    [Fact]
    public async Task Should_name_a_suppressed_address_and_never_say_that_it_was_used()
    {
        await using var flow = await EmbeddedFlow.Start();
        await Suppress(flow, "email", "som@example.com");

        var id = await flow.Tell(An.OrderPlaced());

        await flow.Outcome(id);
        var (view, email) = await Delivery(flow, id);
        (view.Status, view.Code, email.Status, email.Code).ShouldBe(
            ("partly-delivered", ReasonCode.Suppressed, DeliveryStatus.Failed, ReasonCode.Suppressed)
        );
        view.Decisions.ShouldBe(["email: planned", "push: planned"]);
        view.Results.Select(result => (result.Channel, result.Result, result.Code))
            .ShouldBe([("email", "failed", ReasonCode.Suppressed), ("push", "sent", null)]);
        flow.OutcomesOf(id).ShouldHaveSingleItem().ShouldBeOfType<NotificationPartlyDelivered>().Code.ShouldBe(ReasonCode.Suppressed);
    }

    /// <summary>Nothing here is broken, and nobody has to be woken for it.</summary>
    [Theory]
    [InlineData(null)]
    [InlineData("som@example.com")]
    public async Task Should_tell_apart_who_cannot_be_reached(string? suppressed)
    {
        await using var flow = await EmbeddedFlow.Start();
        await Suppress(flow, "email", "som@example.com");

        var id = await flow.Tell(An.OrderPlaced(A.Seller with { Email = suppressed, PushTokens = [] }));

        (await flow.Outcome(id)).CurrentState.ShouldBe("Failed");
        (await flow.Queries.Find(id, CancellationToken.None))!.Code.ShouldBe(ReasonCode.Unreachable);
        flow.OutcomesOf(id).ShouldHaveSingleItem().ShouldBeOfType<NotificationFailed>().Code.ShouldBe(ReasonCode.Unreachable);
    }

    [Fact]
    public async Task Should_not_take_a_provider_that_refuses_for_somebody_who_cannot_be_reached()
    {
        await using var flow = await EmbeddedFlow.Start();
        flow.Email.Answers(ScriptedProvider.Rejected);

        var id = await flow.Tell(An.OrderPlaced(A.Seller with { PushTokens = [] }));

        await flow.Outcome(id);
        var (view, email) = await Delivery(flow, id);
        (view.Code, email.Code).ShouldBe((ReasonCode.Rejected, ReasonCode.Rejected));
        view.Results.Select(result => (result.Channel, result.Code))
            .ShouldBe([("email", ReasonCode.Rejected), ("push", ReasonCode.NoAddress)]);
    }

    [Fact]
    public async Task Should_say_that_the_channel_is_paused_and_since_when_also_after_it_was_sent()
    {
        await using var flow = await EmbeddedFlow.Start(new() { Dispatchers = 1 });
        await Pause(flow, paused: true);
        var id = await flow.Tell(An.OrderPlaced());
        await flow.Pulse.Until(() => flow.Outgoing.Scheduled == 1);

        var (_, waits) = await Delivery(flow, id);
        (waits.Status, waits.Code, waits.WaitingCode).ShouldBe((DeliveryStatus.Sending, null, ReasonCode.ChannelPaused));
        var waited = waits.Decisions.ShouldNotBeNull().ShouldHaveSingleItem();
        (waited.Code, waited.At, waited.Until).ShouldBe((ReasonCode.ChannelPaused, A.Time, waits.WaitingUntil));

        await Pause(flow, paused: false);

        await flow.Outcome(id);
        var (view, sent) = await Delivery(flow, id);
        (view.Code, sent.Status, sent.Code, sent.WaitingCode).ShouldBe((null, DeliveryStatus.Sent, null, null));
        sent.Decisions.ShouldBe([waited]);
    }

    [Fact]
    public async Task Should_say_that_its_turn_is_later()
    {
        await using var flow = await EmbeddedFlow.Start();
        await flow.Set("scripted", new ProviderControl { PerSecond = 0.01 });
        await flow.UntilBoard(controls => controls.Provider("scripted").PerSecond is not null);
        await flow.Tell(An.OrderPlaced());
        await flow.Pulse.Until(() => flow.Email.Calls.Count + flow.Push.Calls.Count == 1 && flow.Outgoing.Scheduled == 1);

        var id = await flow.Tell(An.OrderPlaced(A.Seller with { PushTokens = [] }, eventId: "another"));
        await flow.Pulse.Until(() => flow.Outgoing.Scheduled == 2);

        var (_, email) = await Delivery(flow, id);
        email.WaitingCode.ShouldBe(ReasonCode.Paced);
        var paced = email.Decisions.ShouldNotBeNull().ShouldHaveSingleItem();
        (paced.Code, paced.Provider, paced.At).ShouldBe((ReasonCode.Paced, "scripted", A.Time));
        paced.Until.ShouldBe(A.Time.AddSeconds(200));
    }

    [Fact]
    public async Task Should_say_which_circuit_is_open()
    {
        await using var flow = await EmbeddedFlow.Start();
        await flow.Health.Open("scripted", TimeSpan.FromMinutes(2), "out of order", needsAttention: false);
        await flow.UntilBoard(controls => controls.HealthOf("scripted").CircuitOpen);

        var id = await flow.Tell(An.OrderPlaced());
        await flow.Pulse.Until(() => flow.Outgoing.Scheduled == 2);

        var (_, email) = await Delivery(flow, id);
        email.WaitingCode.ShouldBe(ReasonCode.CircuitOpen);
        email.Decisions.ShouldNotBeNull().ShouldHaveSingleItem().Provider.ShouldBe("scripted");
    }

    [Theory]
    [InlineData("off", ReasonCode.ProviderOff)]
    [InlineData("pinned", ReasonCode.CircuitHeldOpen)]
    [InlineData("left alone", ReasonCode.LeftAlone)]
    public async Task Should_say_what_keeps_the_provider_from_being_called(string what, string code)
    {
        await using var flow = await EmbeddedFlow.Start(new() { Mode = DeliveryMode.FirstThatWorks });
        if (what == "left alone")
            await flow.Health.Pause("scripted", TimeSpan.FromMinutes(2), "too many calls", cut: null);
        else
            await flow.Set(
                "scripted",
                what == "off" ? new ProviderControl { Switch = ProviderSwitch.Off } : new ProviderControl { Pin = CircuitPin.Open }
            );
        await flow.UntilBoard(controls => controls.Providers.Count + controls.Health.Count > 0);

        var id = await flow.Tell(An.OrderPlaced());
        await flow.Pulse.Until(() => flow.Outgoing.Scheduled == 1);

        // Nothing is gained by waiting where another channel follows: that is why the first one was not used.
        var (_, email) = await Delivery(flow, id);
        (email.Status, email.Code).ShouldBe((DeliveryStatus.Failed, code));
        var view = (await flow.Queries.Find(id, CancellationToken.None))!;
        view.Deliveries[1].WaitingCode.ShouldBe(code);
    }

    [Fact]
    public async Task Should_say_which_route_it_took()
    {
        await using var flow = await EmbeddedFlow.Start(
            new() { Mailers = ["scripted"], MailRoutes = [new ChannelRoute { When = { Countries = ["TH"] }, Providers = ["second"] }] }
        );

        var id = await flow.Tell(An.OrderPlaced(A.Seller with { Country = "TH" }));

        await flow.Outcome(id);
        var (_, email) = await Delivery(flow, id);
        (email.Status, email.Provider, email.Code).ShouldBe((DeliveryStatus.Sent, "second", null));
        var routed = email.Decisions.ShouldNotBeNull().ShouldHaveSingleItem();
        (routed.Code, routed.Text).ShouldBe((ReasonCode.Routed, "by the route to TH it goes to second"));
    }

    [Fact]
    public async Task Should_say_that_no_account_serves_the_address()
    {
        await using var flow = await EmbeddedFlow.Start();
        flow.Email.Serving = _ => false;

        var id = await flow.Tell(An.OrderPlaced());

        await flow.Outcome(id);
        (await Delivery(flow, id)).Email.Code.ShouldBe(ReasonCode.NoRoute);
    }

    [Fact]
    public async Task Should_say_that_it_expired_and_what_it_had_waited_for()
    {
        await using var flow = await EmbeddedFlow.Start(new() { Dispatchers = 1 });
        await Pause(flow, paused: true);
        var id = await flow.Tell(An.OrderPlaced(A.Seller with { PushTokens = [] }));
        await flow.Pulse.Until(() => flow.Outgoing.Scheduled == 1);

        flow.Clock.Advance(TimeSpan.FromDays(1));

        (await flow.Outcome(id)).CurrentState.ShouldBe("Expired");
        var (view, email) = await Delivery(flow, id);
        (view.Code, email.Code).ShouldBe((ReasonCode.Expired, ReasonCode.Expired));
        email.Decisions.ShouldNotBeNull().ShouldHaveSingleItem().Code.ShouldBe(ReasonCode.ChannelPaused);
    }

    [Fact]
    public async Task Should_say_that_it_is_in_doubt_and_then_what_was_decided()
    {
        await using var flow = await EmbeddedFlow.Start(new() { OnInDoubt = InDoubtPolicy.Hold });
        flow.Push.Answers(ScriptedProvider.InDoubt);
        var id = await flow.Tell(An.OrderShipped());
        await flow.Until(id, notification => notification.CurrentState == "Held");
        var view = (await flow.Queries.Find(id, CancellationToken.None))!;
        (view.Code, view.Deliveries[0].Code).ShouldBe((null, ReasonCode.InDoubt));

        await flow.Handle(
            new DecideDelivery
            {
                NotificationId = id,
                DeliveryId = view.Deliveries[0].Id,
                Decision = HeldDecision.Failed,
                Why = "ann: they have no trace of it",
            }
        );

        await flow.Outcome(id);
        view = (await flow.Queries.Find(id, CancellationToken.None))!;
        (view.Code, view.Deliveries[0].Code).ShouldBe((ReasonCode.DecidedFailed, ReasonCode.DecidedFailed));
    }

    static async Task<(NotificationView View, DeliveryView Email)> Delivery(EmbeddedFlow flow, Guid id)
    {
        var view = (await flow.Queries.Find(id, CancellationToken.None))!;
        return (view, view.Deliveries.Single(delivery => delivery.Channel == "email"));
    }

    static Task<bool> Suppress(EmbeddedFlow flow, string channel, string address) =>
        flow.Suppressions.Add(new Suppression(channel, address, Category: null, "it came back", "ann"), CancellationToken.None);

    static async Task Pause(EmbeddedFlow flow, bool paused)
    {
        await flow.Controls.ChangeChannel(
            "email",
            control => control with { Paused = paused },
            new ChangedBy("ann", "the texts are wrong"),
            CancellationToken.None
        );
        await flow.UntilBoard(controls => controls.Channel("email").Paused == paused);
    }
}
