using System.Text.Json;
using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Saga;

/// <summary>A16 and A18: one channel's trouble does not spoil the others, and the outcome says what became of each.</summary>
public sealed class When_a_part_cannot_be_sent
{
    const string BadMailbox = "the mailbox is not of the form local@domain";

    /// <summary>A18: outcomes that hide a part.</summary>
    [Fact]
    public async Task Should_say_in_the_outcome_that_a_channel_was_left_out()
    {
        await using var flow = await EmbeddedFlow.Start();

        var id = await flow.Tell(An.OrderPlaced(A.Seller with { Email = "nobody" }));

        await flow.Outcome(id);
        var delivered = flow.Outcomes.ShouldHaveSingleItem().ShouldBeOfType<NotificationDelivered>();
        delivered.Channels.ShouldBe(["push"]);
        delivered.Results.ShouldBe([Result("push", "sent"), Result("email", "left-out", BadMailbox, ReasonCode.AddressRefused)]);
        (await flow.Queries.Find(id, CancellationToken.None))!.Results.ShouldBe(delivered.Results);
    }

    /// <summary>A18: every outcome says it of every channel.</summary>
    [Theory]
    [InlineData("Accepted", "Rejected", "NotificationPartlyDelivered", "sent", "failed")]
    [InlineData("Rejected", "Rejected", "NotificationFailed", "failed", "failed")]
    public async Task Should_say_in_every_outcome_what_became_of_each_channel(
        string email,
        string push,
        string outcome,
        string emailResult,
        string pushResult
    )
    {
        await using var flow = await EmbeddedFlow.Start();
        flow.Email.Answers(email == "Accepted" ? ScriptedProvider.Accepted : ScriptedProvider.Rejected);
        flow.Push.Answers(push == "Accepted" ? ScriptedProvider.Accepted : ScriptedProvider.Rejected);

        await flow.Outcome(await flow.Tell(An.OrderPlaced()));

        var announced = flow.Outcomes.ShouldHaveSingleItem();
        announced.GetType().Name.ShouldBe(outcome);
        var results = (IReadOnlyList<ChannelResult>)announced.GetType().GetProperty("Results")!.GetValue(announced)!;
        results
            .Select(result => (result.Channel, result.Result, result.Reason is not null))
            .ShouldBe([("email", emailResult, emailResult == "failed"), ("push", pushResult, pushResult == "failed")]);
    }

    /// <summary>A18: a channel that was not needed is said to be, with no reason.</summary>
    [Fact]
    public async Task Should_say_which_channel_was_not_needed()
    {
        await using var flow = await EmbeddedFlow.Start(new() { Mode = DeliveryMode.FirstThatWorks });

        await flow.Outcome(await flow.Tell(An.OrderPlaced()));

        flow.Outcomes.ShouldHaveSingleItem()
            .ShouldBeOfType<NotificationDelivered>()
            .Results.ShouldBe([Result("email", "sent"), Result("push", "not-needed", code: ReasonCode.NotNeeded)]);
    }

    /// <summary>A18: one address of several.</summary>
    [Fact]
    public async Task Should_say_why_an_address_of_a_channel_that_is_used_was_left_out()
    {
        await using var flow = await EmbeddedFlow.Start();

        await flow.Outcome(await flow.Tell(An.OrderPlaced(A.Seller with { PushTokens = ["phone", "sec ret"] })));

        flow.Outcomes.ShouldHaveSingleItem()
            .ShouldBeOfType<NotificationDelivered>()
            .Results.ShouldBe([
                Result("email", "sent"),
                Result("push", "sent", "the push token has spaces or control characters", ReasonCode.AddressRefused),
            ]);
    }

    /// <summary>A16: one channel's text spoils the others.</summary>
    [Fact]
    public async Task Should_send_on_the_channel_whose_text_can_be_filled()
    {
        await using var flow = await EmbeddedFlow.Start();
        // A subject is one line; a push has none.
        var happened = An.Announcement(channels: ["push", "email"]) with
        {
            Data = JsonElement.Parse("""{"title":"two\nlines","text":"We are open."}"""),
        };

        var notification = await flow.Outcome(await flow.Tell(happened));

        (await flow.Saga.Exists(notification.CorrelationId, machine => machine.Delivered)).ShouldBe(notification.CorrelationId);
        flow.Email.Calls.ShouldBeEmpty();
        flow.Push.Calls.ShouldHaveSingleItem();
        notification.Decisions.ShouldBe(["push: planned", "email: announcement/email.en: the subject has more than one line"]);
        var lenient = await flow.Intake.Accept(flow.MapOf<NotificationRequested>(), happened);
        lenient.TemplateError.ShouldBeNull();
        var strict = await flow.Intake.Accept(flow.MapOf<NotificationRequested>(), happened, isStrict: true);
        strict.TemplateError.ShouldBe("email: announcement/email.en: the subject has more than one line");
    }

    static ChannelResult Result(string channel, string result, string? reason = null, string? code = null) =>
        new()
        {
            Channel = channel,
            Result = result,
            Reason = reason,
            Code = code,
        };
}
