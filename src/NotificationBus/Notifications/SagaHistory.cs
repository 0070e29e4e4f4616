using System.Globalization;
using System.Text.Json.Nodes;
using NotificationBus.Model;

namespace NotificationBus.Notifications;

/// <summary>
/// Puts the steps of a saga together: those that were kept, and between them what went straight, which follows from the notification. So
/// the numbers have no gap, and the last step gives the row.
/// </summary>
public static class SagaHistory
{
    /// <summary>The reason why a step that went straight is not kept.</summary>
    public const string WentStraight = "it went straight, and is derived from the notification";

    /// <summary>The reason why there is nothing else.</summary>
    public const string BeforeStepsWereKept = "an earlier version made it, which kept no steps";

    const string Initial = "Initial";
    const string Sending = "Sending";
    const string Delivered = "Delivered";
    const string Result = "DeliverySent";
    const string Receipt = "DeliveryReceiptReceived";
    const string Unknown = "unknown";

    // A step that goes straight sets these, and no others.
    static readonly string[] SetBySending = ["provider", "providerMessageId", "reason", "code", "decisions", "settledAt"];
    static readonly string[] SetByReceipts = ["confirmedAt", "openedAt", "readAt", "automaticReadAt", "clicks"];

    // And never leaves any of these behind.
    static readonly string[] NeverStraight = ["cancellation", "bouncedAt", "softBouncedAt", "complainedAt", "unsubscribedAt"];

    /// <summary>The steps in order.</summary>
    /// <param name="row">The notification as it is.</param>
    /// <param name="kept">The steps of it that were kept.</param>
    public static IReadOnlyList<SagaStep> Of(NotificationState row, IEnumerable<KeptStep> kept)
    {
        var history = new Telling(row);
        foreach (var step in kept.Where(step => step.Number <= row.Version).OrderBy(step => step.Number))
        {
            history.GoOnTo(step.Number - 1, step.StateBefore, SagaContent.Read(step.Before));
            history.Add(step);
        }

        history.GoOnTo(row.Version, row.CurrentState, SagaContent.Of(row));
        return history.Steps;
    }

    /// <summary>The history as far as it is told.</summary>
    sealed class Telling(NotificationState row)
    {
        readonly List<SagaStep> _steps = [];
        readonly IReadOnlyList<Guid> _order = [.. row.Deliveries.Select(delivery => delivery.Id)];
        JsonObject _content = SagaContent.Empty();
        string _state = Initial;
        int _number;
        DateTimeOffset _at = row.CreatedAt;

        public IReadOnlyList<SagaStep> Steps => _steps;

        public void Add(KeptStep kept)
        {
            var changes = SagaContent.Read(kept.Changes);
            Add(
                kept.Number,
                kept.StateAfter,
                changes,
                new SagaStep
                {
                    Number = kept.Number,
                    At = kept.At,
                    Message = kept.Message,
                    MessageIds = kept.MessageIds,
                    Before = NotificationView.StatusOf(kept.StateBefore),
                    After = NotificationView.StatusOf(kept.StateAfter),
                    Deliveries = [],
                    Caused = kept.Caused,
                    Changes = changes,
                }
            );
        }

        /// <summary>Tells what was not kept.</summary>
        public void GoOnTo(int number, string state, JsonObject content)
        {
            if (number <= _number)
                return;

            var isStraight = IsStraight(state, content);
            if (_number == 0 && isStraight)
                Begin(content);
            if (number > _number)
                Derive(number, state, content, isStraight);
        }

        void Begin(JsonObject content)
        {
            var planned = SagaContent.Empty();
            var deliveries = planned[SagaContent.Deliveries]!.AsObject();
            foreach (var (id, value) in content[SagaContent.Deliveries]!.AsObject())
            {
                var delivery = value!.DeepClone().AsObject();
                foreach (var name in SetBySending.Concat(SetByReceipts))
                    delivery.Remove(name);
                delivery["status"] = delivery.ContainsKey("begunAt") ? nameof(DeliveryStatus.Sending) : nameof(DeliveryStatus.Waiting);
                deliveries[id] = delivery;
            }

            var waits = Has(deliveries, nameof(DeliveryStatus.Waiting));
            var timer = row.EscalateAfter is not null && waits;
            if (timer)
                planned[SagaContent.Timer] = SagaContent.Running;
            var begun = deliveries.Where(delivery => delivery.Value!.AsObject().ContainsKey("begunAt"));
            Add(
                1,
                Sending,
                SagaContent.Difference(_content, planned),
                new SagaStep
                {
                    Number = 1,
                    At = _at,
                    Message = MessageOf(row.EventName),
                    Before = NotificationView.StatusOf(Initial),
                    After = NotificationView.StatusOf(Sending),
                    Deliveries = [],
                    Caused =
                    [
                        .. begun.Select(delivery => $"send-{delivery.Value!["channel"]}"),
                        .. timer ? (string[])["schedule EscalationDue"] : [],
                    ],
                    Changes = [],
                    Derived = WentStraight,
                }
            );
        }

        void Derive(int number, string state, JsonObject content, bool isStraight)
        {
            var changes = SagaContent.Difference(_content, content);
            var ends = isStraight && state != _state;
            var unscheduled = changes.TryGetPropertyValue(SagaContent.Timer, out var timer) && timer is null;
            Add(
                number,
                state,
                changes,
                new SagaStep
                {
                    From = number - _number > 1 ? _number + 1 : null,
                    Number = number,
                    At = LatestTimeIn(changes) is { } latest && latest > _at ? latest : _at,
                    Message = isStraight ? MessagesOf(changes) : Unknown,
                    Before = NotificationView.StatusOf(_state),
                    After = NotificationView.StatusOf(state),
                    Deliveries = [],
                    Caused =
                    [
                        .. ends ? (string[])[$"Notification{state}"] : [],
                        .. isStraight && unscheduled ? (string[])["unschedule EscalationDue"] : [],
                    ],
                    Changes = changes,
                    Derived = isStraight ? WentStraight : BeforeStepsWereKept,
                }
            );
        }

        void Add(int number, string state, JsonObject changes, SagaStep step)
        {
            var after = SagaContent.Apply(_content, changes);
            _steps.Add(step with { Changes = changes, Deliveries = ChangesOf(_content, after, changes) });
            (_number, _state, _content, _at) = (number, state, after, step.At);
        }

        List<DeliveryChange> ChangesOf(JsonObject before, JsonObject after, JsonObject changes)
        {
            if (changes[SagaContent.Deliveries] is not JsonObject changed)
                return [];

            var deliveries = new List<DeliveryChange>();
            foreach (var id in _order.Where(id => changed.ContainsKey($"{id}")))
            {
                var (earlier, now) = (Delivery(before, id), Delivery(after, id)!);
                deliveries.Add(
                    new DeliveryChange
                    {
                        Id = id,
                        Channel = $"{now["channel"]}",
                        Before = earlier is null ? null : StatusOf(earlier),
                        After = StatusOf(now),
                        Provider = changed[$"{id}"]?["provider"]?.GetValue<string>(),
                        Reason = changed[$"{id}"]?["reason"]?.GetValue<string>(),
                    }
                );
            }

            return deliveries;
        }

        /// <summary>True when steps that went straight lead from what is told to that.</summary>
        bool IsStraight(string state, JsonObject content)
        {
            var deliveries = content[SagaContent.Deliveries]!.AsObject();
            // What was told is not looked at again: only straight steps are not kept.
            if (_number > 0)
                return _steps[^1].Derived != BeforeStepsWereKept;

            return deliveries.Count > 0
                && state is Sending or Delivered
                && !Has(deliveries, nameof(DeliveryStatus.Failed))
                && !Has(deliveries, nameof(DeliveryStatus.Expired))
                && !Has(deliveries, nameof(DeliveryStatus.Held))
                && !Has(deliveries, nameof(DeliveryStatus.Cancelled))
                && deliveries.All(delivery => NeverStraight.All(name => !delivery.Value!.AsObject().ContainsKey(name)))
                && deliveries
                    .Where(delivery => delivery.Value!.AsObject().ContainsKey("begunAt"))
                    .Select(delivery => delivery.Value!["step"]!.GetValue<int>())
                    .Distinct()
                    .Count() == 1;
        }

        static bool Has(JsonObject deliveries, string status) => deliveries.Any(delivery => $"{delivery.Value!["status"]}" == status);

        static JsonObject? Delivery(JsonObject content, Guid id) => content[SagaContent.Deliveries]?[$"{id}"] as JsonObject;

        static DeliveryStatus StatusOf(JsonObject delivery) => Enum.Parse<DeliveryStatus>($"{delivery["status"]}");

        static string MessagesOf(JsonObject changes)
        {
            var changed = changes[SagaContent.Deliveries]?.AsObject().Select(delivery => delivery.Value!.AsObject()).ToList() ?? [];
            var sent = changed.Exists(delivery => delivery.ContainsKey("settledAt"));
            var reported = changed.Exists(delivery => SetByReceipts.Any(delivery.ContainsKey));
            return sent && reported ? $"{Result}, {Receipt}"
                : sent ? Result
                : Receipt;
        }

        static DateTimeOffset? LatestTimeIn(JsonObject changes) =>
            changes
                .Select(change =>
                    change.Value switch
                    {
                        JsonObject inner => LatestTimeIn(inner),
                        JsonValue text
                            when change.Key.EndsWith("At", StringComparison.Ordinal)
                                && DateTimeOffset.TryParse($"{text}", CultureInfo.InvariantCulture, DateTimeStyles.None, out var at) => at,
                        _ => null,
                    }
                )
                .Max();

        /// <summary>An event's name is its type in lower case with hyphens.</summary>
        static string MessageOf(string eventName) =>
            string.Concat(
                eventName
                    .Split('-', StringSplitOptions.RemoveEmptyEntries)
                    .Select(word => string.Concat(char.ToUpperInvariant(word[0]).ToString(), word.AsSpan(1)))
            );
    }
}
