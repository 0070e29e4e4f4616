using System.Numerics;
using System.Text.Json.Nodes;
using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Notifications;
using NotificationBus.Subscriptions;

namespace NotificationBus.Saga;

/// <summary>
/// Tells again what subscribers are told (<see cref="StepNews"/>), from what is on record: nothing is written for it. Steps that did not go
/// straight are kept, with what they changed. What went straight only moves deliveries on, from being sent to sent to arrived, so that the
/// events follow from where they stand, and a reader that has some of them is told the others, whatever their order.
/// </summary>
public static class EventHistory
{
    const string Initial = "Initial";

    const int EndBit = 0;

    static readonly IReadOnlySet<string> Ends = new HashSet<string>(StringComparer.Ordinal)
    {
        nameof(NotificationDelivered),
        nameof(NotificationPartlyDelivered),
        nameof(NotificationCancelled),
        nameof(NotificationExpired),
        nameof(NotificationFailed),
    };

    /// <summary>The events that come after a place, in order.</summary>
    /// <param name="record">The notification, and the steps of it that were kept.</param>
    /// <param name="place">How far the reader has come.</param>
    public static IEnumerable<ToldEvent> After(RecordedNotification record, EventPlace place)
    {
        var row = record.Notification;
        // It was read before the reader had the last it has, by another host: what it has cannot be told apart in it.
        if (place.Step > row.Version)
            yield break;

        var now = new Standing(Initial, SagaContent.Empty());
        foreach (var step in record.Steps.Where(step => step.Number <= row.Version).OrderBy(step => step.Number))
        {
            var before = new Standing(step.StateBefore, SagaContent.Read(step.Before));
            var after = new Standing(step.StateAfter, SagaContent.Apply(before.Content, SagaContent.Read(step.Changes)));
            if (step.Number > place.Step)
            {
                foreach (var told in Straight(row, now, before, place))
                {
                    place = told.Place;
                    yield return told;
                }

                place = place with { Step = step.Number, OfStep = 0, Straight = BigInteger.Zero };
            }

            if (step.Number == place.Step)
            {
                foreach (var (type, data) in Kept(row, step, before, after).Skip(place.OfStep))
                {
                    place = place with { OfStep = place.OfStep + 1, Sequence = place.Sequence + 1 };
                    yield return Tell(place, type, step.At, data);
                }
            }

            now = after;
        }

        foreach (var told in Straight(row, now, new Standing(row.CurrentState, SagaContent.Of(row)), place))
            yield return told;
    }

    /// <summary>What a step that is kept was about: first what became of deliveries, and then the end that follows from it.</summary>
    static IEnumerable<(string Type, JsonObject Data)> Kept(NotificationState row, KeptStep step, Standing before, Standing after)
    {
        var (was, stands) = (before.Of(row), after.Of(row));
        foreach (var delivery in stands.Deliveries)
        {
            if (StatusOf(was, delivery.Id) != delivery.Status && StepNews.TypeOf(delivery) is { } type)
                yield return (type, StepNews.DataOf(stands, delivery));
        }

        if (step.Caused.Any(Ends.Contains))
        {
            var outcome = Outcome.Of(stands).Message;
            yield return (StepNews.TypeOf(outcome), StepNews.DataOf(stands, outcome));
        }
    }

    /// <summary>What went straight from one standing to another, as far as it was not told.</summary>
    static IEnumerable<ToldEvent> Straight(NotificationState row, Standing from, Standing to, EventPlace place)
    {
        var (was, stands) = (from.Of(row), to.Of(row));
        var arrived = new List<(int Bit, DateTimeOffset At, DeliveryState Delivery)>();
        var sent = new List<(int Bit, DateTimeOffset At, DeliveryState Delivery)>();
        foreach (var (index, delivery) in stands.Deliveries.Index())
        {
            var earlier = StatusOf(was, delivery.Id);
            if (earlier == delivery.Status || StepNews.TypeOf(delivery) is null)
                continue;

            var settled = delivery.SettledAt ?? stands.CreatedAt;
            var isSent = delivery.Status is DeliveryStatus.Sent or DeliveryStatus.Confirmed;
            if (isSent && earlier is not (DeliveryStatus.Sent or DeliveryStatus.Confirmed))
                sent.Add((SentBit(index), settled, As(delivery, DeliveryStatus.Sent)));
            if (delivery.Status != DeliveryStatus.Sent)
                arrived.Add((ArrivedBit(index), delivery.ConfirmedAt > settled ? delivery.ConfirmedAt.Value : settled, delivery));
        }

        // The end comes with the last that is sent, and what arrives may come later. What arrived before it was told, or may be told after
        // it.
        var all = sent.OrderBy(one => one.At)
            .Select(one => (one.Bit, one.At, StepNews.TypeOf(one.Delivery)!, Data: StepNews.DataOf(stands, one.Delivery)))
            .ToList();
        if (was.CompletedAt is null && stands.CompletedAt is { } completed)
        {
            // As far as one can tell: the time of an arrival is by the vendor's clock.
            var then = stands.AsItStood(
                stands.CurrentState,
                completed,
                [
                    .. stands.Deliveries.Select(
                        (one, index) => ArrivedLater(one, completed, place, index) ? As(one, DeliveryStatus.Sent) : one
                    ),
                ]
            );
            var outcome = Outcome.Of(then).Message;
            all.Add((EndBit, completed, StepNews.TypeOf(outcome), StepNews.DataOf(then, outcome)));
        }

        all.AddRange(
            arrived
                .OrderBy(one => one.At)
                .Select(one => (one.Bit, one.At, StepNews.TypeOf(one.Delivery)!, StepNews.DataOf(stands, one.Delivery)))
        );
        foreach (var (bit, at, type, data) in all)
        {
            if (place.Has(bit))
                continue;

            place = place.With(bit);
            yield return Tell(place, type, at, data);
        }
    }

    static bool ArrivedLater(DeliveryState delivery, DateTimeOffset end, EventPlace place, int index) =>
        delivery.Status == DeliveryStatus.Confirmed && delivery.ConfirmedAt > end && !place.Has(ArrivedBit(index));

    static int SentBit(int index) => 1 + (2 * index);

    static int ArrivedBit(int index) => SentBit(index) + 1;

    static DeliveryState As(DeliveryState delivery, DeliveryStatus status)
    {
        var copy = delivery.Copy();
        copy.Status = status;
        return copy;
    }

    static DeliveryStatus? StatusOf(NotificationState notification, Guid id) =>
        notification.Deliveries.FirstOrDefault(delivery => delivery.Id == id)?.Status;

    static ToldEvent Tell(EventPlace place, string type, DateTimeOffset at, JsonObject data) =>
        new(place, type, HeardEvents.Write(type, at, place.Sequence, StepNews.Write(data)));

    /// <summary>How a notification stood.</summary>
    sealed record Standing(string State, JsonObject Content)
    {
        public NotificationState Of(NotificationState row) =>
            row.AsItStood(State, SagaContent.CompletedAtOf(Content), SagaContent.DeliveriesOf(Content, row));
    }
}
