using NotificationBus.Model;
using NotificationBus.Providers;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Saga;

public sealed class When_a_failed_step_is_followed_by_one_that_takes_too_long
{
    [Fact]
    public async Task Should_begin_the_one_after_in_addition()
    {
        var limit = TimeSpan.FromMinutes(5);
        await using var flow = await EmbeddedFlow.Start(
            new()
            {
                Mode = DeliveryMode.FirstThatWorks,
                Dispatchers = 1,
                EscalateAfter = limit,
                SmsLast = true,
            }
        );
        var answer = new TaskCompletionSource<ProviderResult>();
        flow.Email.Answers(ScriptedProvider.Rejected);
        flow.Push.Answers((_, _) => answer.Task);
        var id = await flow.Tell(An.OrderPlaced(A.Seller with { Phone = "+66812345678" }));
        await flow.Pulse.Until(() => flow.Push.Calls.Count == 1);

        flow.Clock.Advance(limit);

        await flow.Outcome(id);
        (await flow.Saga.Exists(id, machine => machine.Delivered)).ShouldBe(id);
        flow.Sms.Calls.ShouldHaveSingleItem();
        flow.Wire.Errors.ShouldBeEmpty();
    }
}
