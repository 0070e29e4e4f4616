using NotificationBus.Channels.Push;
using NotificationBus.Contracts;
using NotificationBus.Messaging;
using NotificationBus.Model;
using NotificationBus.Providers.Accounts;
using NotificationBus.Providers.Controls;
using NotificationBus.Receipts;
using NotificationBus.Templates;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Sending;

public sealed class When_texts_change_after_the_plan
{
    static readonly TemplateException Broken = new("order-shipped/push.th: 'warehouse' is missing");

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Should_send_what_was_planned_after_a_delay(bool sendsHere)
    {
        await using var flow = await EmbeddedFlow.Start(new() { Dispatchers = 1, SendsHere = sendsHere });
        flow.Push.Answers(ScriptedProvider.Unavailable, ScriptedProvider.Accepted);
        var id = await flow.Tell(An.OrderShipped());
        await flow.Pulse.Until(() => flow.Outgoing.Scheduled == 1);
        flow.Templates.Failure = Broken;

        flow.Clock.Advance(TimeSpan.FromSeconds(5));

        (await flow.Outcome(id)).CurrentState.ShouldBe("Delivered");
        var calls = flow.Push.Calls;
        calls.Count.ShouldBe(2);
        calls[1].Content.ShouldBe(calls[0].Content);
        var attempts = (await flow.Queries.Find(id, CancellationToken.None))!.Deliveries[0].Attempts;
        attempts.Select(attempt => attempt.Content).Distinct().ShouldHaveSingleItem().ShouldNotBeNull();
        attempts.ShouldAllBe(attempt => attempt.TemplateVersion == null);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Should_send_what_was_planned_in_a_later_step(bool sendsHere)
    {
        await using var flow = await EmbeddedFlow.Start(new() { Mode = DeliveryMode.FirstThatWorks, SendsHere = sendsHere });
        flow.Email.Answers(_ =>
        {
            flow.Templates.Failure = Broken;
            return ScriptedProvider.Rejected;
        });

        var id = await flow.Tell(An.OrderPlaced());

        (await flow.Outcome(id)).CurrentState.ShouldBe("Delivered");
        flow.Push.Calls.ShouldHaveSingleItem().Content.ShouldBeOfType<PushContent>().Title.ShouldContain("4711");
    }

    [Fact]
    public async Task Should_send_what_was_planned_after_a_bounce()
    {
        await using var flow = await EmbeddedFlow.Start(new() { Mode = DeliveryMode.FirstThatWorks });
        var id = await flow.Tell(An.OrderPlaced());
        var sent = (await flow.Outcome(id)).Deliveries[0];
        flow.Templates.Failure = Broken;

        await flow.Report(
            new Receipt
            {
                Kind = ReceiptKind.HardBounce,
                Id = "bounce-1",
                At = flow.Clock.GetUtcNow(),
                DeliveryId = sent.Id,
                Addresses = [],
            }
        );

        await flow.Until(id, notification => notification.Deliveries[1].Status == DeliveryStatus.Sent);
        flow.Push.Calls.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Should_send_what_was_planned_when_the_process_has_died_meanwhile()
    {
        await using var flow = await EmbeddedFlow.Start();
        var planned = await flow.DieAfterStoring(() => flow.Handle(An.OrderShipped()));
        flow.Templates.Failure = Broken;

        await flow.Publish(planned.ShouldHaveSingleItem());

        await flow.Pulse.Until(() => flow.Push.Calls.Count == 1);
        flow.Push.Calls[0].Content.ShouldBeOfType<PushContent>().Body.ShouldContain("EX123456789TH");
    }

    [Fact]
    public async Task Should_fill_the_template_for_a_command_of_an_earlier_version()
    {
        await using var flow = await EmbeddedFlow.Start();
        var push = await flow.Bus.GetSendEndpoint(ChannelEndpoint.Of("push", Lane.Transactional));

        await push.Send(
            new SendDelivery
            {
                NotificationId = Guid.CreateVersion7(),
                DeliveryId = Guid.CreateVersion7(),
                Channel = "push",
                Address = "phone-of-som",
                Category = "announcement",
                RecipientId = "seller-42",
                Data = An.Announcement().Data!.Value,
                ExpiresAt = flow.Clock.GetUtcNow().AddHours(1),
            }
        );

        await flow.Pulse.Until(() => flow.Push.Calls.Count == 1);
        flow.Push.Calls[0].Content.ShouldBeOfType<PushContent>().Title.ShouldBe("New opening hours");
    }

    [Fact]
    public async Task Should_fill_again_where_the_latest_is_wanted_and_then_say_the_same_at_each_call()
    {
        await using var flow = await EmbeddedFlow.Start(new() { Dispatchers = 1, Texts = TextsPolicy.Latest });
        await flow.Set("scripted", new ProviderControl { Switch = ProviderSwitch.Off });
        await flow.UntilBoard(controls => ProviderAccount.IsShut(controls, "scripted"));
        flow.Push.Answers(ScriptedProvider.Unavailable, ScriptedProvider.Accepted);
        var id = await flow.Tell(An.OrderShipped());
        await flow.Pulse.Until(() => flow.Outgoing.Scheduled == 1);
        flow.Templates.Deployed = content => (PushContent)content with { Title = "Version 2" };
        await flow.Set("scripted", new ProviderControl());
        await flow.UntilBoard(controls => !ProviderAccount.IsShut(controls, "scripted"));

        await WaitOut(flow, () => flow.Push.Calls.Count == 1);
        flow.Templates.Deployed = content => (PushContent)content with { Title = "Version 3" };
        await WaitOut(flow, () => flow.Push.Calls.Count == 2);

        (await flow.Outcome(id)).CurrentState.ShouldBe("Delivered");
        flow.Push.Calls.Select(call => ((PushContent)call.Content).Title).ShouldBe(["Version 2", "Version 2"]);
        var attempts = (await flow.Queries.Find(id, CancellationToken.None))!.Deliveries[0].Attempts;
        attempts.ShouldAllBe(attempt => attempt.TemplateVersion == flow.Templates.SourceOf("order-shipped", "push", "th")!.Version);
        var kept = await flow.Contents.Find(id, attempts[0].Content!.Value, CancellationToken.None);
        flow.Packing.Unpack(kept!.Hash, kept.Body).All.ShouldHaveSingleItem().Parts[0].Text.ShouldBe("Version 2");
    }

    [Fact]
    public async Task Should_send_what_was_planned_when_the_latest_cannot_be_filled()
    {
        await using var flow = await EmbeddedFlow.Start(new() { Texts = TextsPolicy.Latest });
        var planned = await flow.DieAfterStoring(() => flow.Handle(An.OrderShipped()));
        flow.Templates.Failure = Broken;

        await flow.Publish(planned.ShouldHaveSingleItem());

        await flow.Pulse.Until(() => flow.Push.Calls.Count == 1);
    }

    /// <summary>Lets the time come for which the delivery is put off, as often as it takes.</summary>
    static async Task WaitOut(EmbeddedFlow flow, Func<bool> condition)
    {
        while (!condition())
        {
            var times = flow.Outgoing.Scheduled;
            var left = flow.Outgoing.LastDue - flow.Clock.GetUtcNow();
            if (left > TimeSpan.Zero)
                flow.Clock.Advance(left.Value);
            await flow.Pulse.Until(() => condition() || flow.Outgoing.Scheduled > times);
        }
    }
}
