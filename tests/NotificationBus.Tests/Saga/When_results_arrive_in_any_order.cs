using System.Collections.Concurrent;
using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Providers;
using NotificationBus.Tests.TestKit;

namespace NotificationBus.Tests.Saga;

public sealed class When_results_arrive_in_any_order
{
    static readonly string[] Addresses = ["som@example.com", "phone", "tablet"];

    [Theory]
    [InlineData("som@example.com", "PartlyDelivered")]
    [InlineData("phone", "Delivered")]
    [InlineData("phone tablet", "PartlyDelivered")]
    [InlineData("som@example.com phone tablet", "Failed")]
    public async Task Should_end_in_the_same_state(string failing, string state)
    {
        await using var flow = await EmbeddedFlow.Start(new() { Mode = DeliveryMode.AllAtOnce });
        var answers = new ConcurrentDictionary<(Guid, string), TaskCompletionSource<ProviderResult>>();
        flow.Email.Answers((delivery, _) => AnswerTo(delivery.NotificationId, delivery.Address).Task);
        flow.Push.Answers((delivery, _) => AnswerTo(delivery.NotificationId, delivery.Address).Task);

        var ends = new HashSet<string>(StringComparer.Ordinal);
        foreach (var order in Permutations(Addresses))
        {
            var id = await flow.Tell(An.OrderPlaced(A.Seller with { PushTokens = ["phone", "tablet"] }));
            foreach (var address in order)
            {
                AnswerTo(id, address)
                    .SetResult(failing.Contains(address, StringComparison.Ordinal) ? ScriptedProvider.Rejected : ScriptedProvider.Accepted);
                await flow.Until(
                    id,
                    notification => notification.Deliveries.Single(delivery => delivery.Address == address).SettledAt is not null
                );
            }

            var end = await flow.Outcome(id);
            end.CurrentState.ShouldBe(state);
            flow.OutcomesOf(id).ShouldHaveSingleItem();
            ends.Add(
                $"{end.CurrentState} {string.Join(' ', end.Deliveries.Select(delivery => delivery.Status))} "
                    + $"{Channels(flow.OutcomesOf(id)[0])}"
            );
        }

        ends.ShouldHaveSingleItem();

        TaskCompletionSource<ProviderResult> AnswerTo(Guid id, string address) =>
            answers.GetOrAdd(
                (id, address),
                _ => new TaskCompletionSource<ProviderResult>(TaskCreationOptions.RunContinuationsAsynchronously)
            );
    }

    static string Channels(object outcome) =>
        outcome switch
        {
            NotificationDelivered delivered => string.Join(',', delivered.Channels),
            NotificationPartlyDelivered partly =>
                $"{string.Join(',', partly.Channels)} not {string.Join(',', partly.FailedChannels)} because {partly.Reason}",
            NotificationFailed failed => failed.Reason,
            _ => "",
        };

    static IEnumerable<string[]> Permutations(string[] items) =>
        items.Length == 0
            ?
            [
                [],
            ]
            : items.SelectMany(first => Permutations([.. items.Where(item => item != first)]).Select(rest => (string[])[first, .. rest]));
}
