using NotificationBus.Channels.Push;
using NotificationBus.Contracts;
using NotificationBus.Intake.Maps;
using NotificationBus.Messaging;
using NotificationBus.Model;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Sending;

/// <summary>What a producer gave is sent, and never a template in its place.</summary>
public sealed class When_content_was_given
{
    [Theory]
    [InlineData(TextsPolicy.Planned)]
    [InlineData(TextsPolicy.Latest)]
    public async Task Should_be_sent_whatever_is_deployed_meanwhile(TextsPolicy texts)
    {
        await using var flow = await EmbeddedFlow.Start(new() { Texts = texts });
        var planned = await flow.DieAfterStoring(() => flow.Handle(Given()));
        flow.Templates.Deployed = content => (PushContent)content with { Title = "Version 2" };

        await flow.Publish(planned.ShouldHaveSingleItem());

        await flow.Pulse.Until(() => flow.Push.Calls.Count == 1);
        flow.Push.Calls[0].Content.ShouldBeOfType<PushContent>().Title.ShouldBe("Only today");
    }

    [Fact]
    public async Task Should_fail_when_it_is_no_longer_kept()
    {
        await using var flow = await EmbeddedFlow.Start();
        await flow.DieAfterStoring(() => flow.Handle(Given()));
        var id = new NotificationRequestedMap().NotificationId(Given(), Guid.Empty);
        var push = await flow.Bus.GetSendEndpoint(ChannelEndpoint.Of("push", Lane.Transactional));

        await push.Send(
            new SendDelivery
            {
                NotificationId = id,
                DeliveryId = flow.Find(id)!.Deliveries[0].Id,
                Channel = "push",
                Address = flow.Find(id)!.Deliveries[0].Address,
                Category = "announcement",
                RecipientId = "seller-42",
                Data = An.Announcement().Data!.Value,
                Content = new DeliveryContent { Set = Guid.NewGuid(), IsGiven = true },
                ExpiresAt = flow.Clock.GetUtcNow().AddHours(1),
            }
        );

        var ended = await flow.Outcome(id);
        ended.Deliveries[0].Status.ShouldBe(DeliveryStatus.Failed);
        ended.Deliveries[0].Reason!.ShouldContain("no longer kept");
        flow.Push.Calls.ShouldBeEmpty();
    }

    static NotificationRequested Given() =>
        An.Announcement(channels: ["push"]) with
        {
            EventId = "sale",
            Content = new Dictionary<string, IReadOnlyDictionary<string, string>>(StringComparer.Ordinal)
            {
                ["push"] = new Dictionary<string, string>(StringComparer.Ordinal) { ["title"] = "Only today", ["body"] = "Half price." },
            },
        };
}
