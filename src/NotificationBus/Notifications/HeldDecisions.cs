using NotificationBus.Contracts;
using NotificationBus.Messaging;
using NotificationBus.Model;
using NotificationBus.Outgoing;
using NotificationBus.Planning;
using NotificationBus.Providers.Controls;

namespace NotificationBus.Notifications;

/// <summary>
/// Decides about held deliveries, one or many. What is decided is kept with the outgoing messages until the broker has it, so that it holds
/// whatever ends afterwards.
/// </summary>
public sealed class HeldDecisions(IHeldDeliveries held, OutgoingPublisher publisher, PlanningRules planning)
{
    /// <summary>Decides about one delivery.</summary>
    /// <returns>What is decided: perhaps something else, by somebody else, before.</returns>
    public async Task<HeldDecision> Decide(HeldDelivery delivery, HeldDecision decision, ChangedBy by) =>
        (await Record([delivery], decision, by))[delivery.DeliveryId].Decision;

    /// <summary>Decides about all that fit, the oldest first.</summary>
    /// <param name="filter">Which.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="decision">The decision.</param>
    /// <param name="by">Who decides, and why.</param>
    /// <returns>About how many it was decided now, and about how many it was not needed any more.</returns>
    public async Task<(int Decided, int NotNeeded)> DecideAll(HeldFilter filter, int limit, HeldDecision decision, ChangedBy by)
    {
        var found = await held.Find(filter with { WithoutCancelled = decision == HeldDecision.Resend }, limit, CancellationToken.None);
        var recorded = await Record(found, decision, by);
        var decided = recorded.Values.Count(one => one.IsNew);
        return (decided, found.Count - decided);
    }

    async Task<IReadOnlyDictionary<Guid, RecordedDecision>> Record(
        IReadOnlyList<HeldDelivery> deliveries,
        HeldDecision decision,
        ChangedBy by
    )
    {
        var decisions = new List<HeldDeliveryDecision>();
        foreach (var delivery in deliveries)
            decisions.Add(new HeldDeliveryDecision(delivery, decision, await Write(delivery, decision, by)));

        // Not cancelled with the request: whoever hangs up after a click has clicked.
        return await held.Record(decisions, by, CancellationToken.None);
    }

    /// <summary>Under an id that is the same when it is decided again, so that the saga takes it once.</summary>
    Task<OutgoingMessage> Write(HeldDelivery delivery, HeldDecision decision, ChangedBy by) =>
        publisher.Write(
            SagaEndpoint.Of(planning.RuleOf(delivery.Category).Lane),
            new DecideDelivery
            {
                NotificationId = delivery.NotificationId,
                DeliveryId = delivery.DeliveryId,
                Decision = decision,
                Why = $"{by.Who}: {by.Why}",
            },
            DeterministicId.From("decision", $"{delivery.DeliveryId:N}", $"{delivery.Attempts}"),
            conversationId: null
        );
}
