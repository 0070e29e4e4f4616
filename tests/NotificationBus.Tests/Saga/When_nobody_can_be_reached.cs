using NotificationBus.Contracts;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Saga;

public sealed class When_nobody_can_be_reached
{
    [Theory]
    [InlineData(null, "email: the recipient has no address there; push: the recipient has no address there")]
    [InlineData("not a mailbox", "email: the mailbox is not of the form local@domain; push: the recipient has no address there")]
    public async Task Should_fail_at_once_and_say_why_without_the_address(string? email, string reason)
    {
        await using var flow = await EmbeddedFlow.Start();

        var id = await flow.Tell(An.OrderPlaced(A.Seller with { Email = email, PushTokens = [] }));

        var notification = await flow.Outcome(id);
        (await flow.Saga.Exists(notification.CorrelationId, machine => machine.Failed)).ShouldBe(notification.CorrelationId);
        notification.Refusal.ShouldBe(reason);
        flow.Outcomes.ShouldHaveSingleItem().ShouldBeOfType<NotificationFailed>().Reason.ShouldBe(reason);
        flow.Wire.Published.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Should_fail_when_a_template_misses_a_variable()
    {
        await using var flow = await EmbeddedFlow.Start();

        var id = await flow.Tell(An.Announcement() with { Data = null });

        await flow.Outcome(id);
        (await flow.Saga.Exists(id, machine => machine.Failed)).ShouldBe(id);
        flow.Outcomes.ShouldHaveSingleItem().ShouldBeOfType<NotificationFailed>().Reason.ShouldContain("is missing");
        flow.Push.Calls.ShouldBeEmpty();
    }
}
