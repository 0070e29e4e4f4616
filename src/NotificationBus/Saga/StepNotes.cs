using System.Text.Json.Nodes;
using NotificationBus.Contracts;
using NotificationBus.InProcess;
using NotificationBus.Model;
using NotificationBus.Notifications;
using NotificationBus.Outgoing;
using NotificationBus.Receipts;

namespace NotificationBus.Saga;

/// <summary>
/// What is kept of a step for whoever asks later how it came to this. What went straight is not: begun, sent, arrived and read follow from
/// the notification, and to write them down as well would cost every notification what few of them need.
/// </summary>
sealed class StepNotes(TimeProvider clock)
{
    /// <summary>Remembers a notification as it is before a step.</summary>
    public static NotificationBefore Before(NotificationState? notification) => new(notification);

    /// <summary>Notes a step that was made.</summary>
    /// <param name="before">The notification before it.</param>
    /// <param name="after">The notification after it, not yet stored.</param>
    /// <param name="taken">The message it took, and its ids.</param>
    /// <param name="caused">What it causes.</param>
    /// <returns>Null when it went straight.</returns>
    public KeptStep? Of(NotificationBefore before, NotificationState after, TakenMessage taken, CausedByStep caused)
    {
        if (WentStraight(before, after, taken.Message, caused.Effects))
            return null;

        var content = before.Content();
        return new KeptStep
        {
            Number = after.Version + 1,
            At = clock.GetUtcNow(),
            Message = taken.Name,
            MessageIds = taken.Ids,
            StateBefore = before.State,
            StateAfter = after.CurrentState,
            Before = content.ToJsonString(),
            Changes = SagaContent.Difference(content, SagaContent.Of(after)).ToJsonString(),
            Caused = [.. caused.Names()],
        };
    }

    static bool WentStraight(NotificationBefore before, NotificationState after, object message, Effects effects) =>
        message switch
        {
            DeliverySent => WasSent(before, after, effects),
            DeliveriesSettled settled => settled.Results.All(result => result.Sent is not null) && WasSent(before, after, effects),
            DeliveryReceiptReceived receipt => WasReported(before, after, receipt, effects),
            _ => before.IsNone && after.CurrentState == nameof(NotificationStateMachine.Sending),
        };

    /// <summary>True when deliveries that were being sent are sent now, and nothing else happened but the end.</summary>
    static bool WasSent(NotificationBefore before, NotificationState after, Effects effects)
    {
        if (
            before.HadEnded
            || before.Deliveries.Count != after.Deliveries.Count
            || effects.Commands.Count > 0
            || after.CurrentState is not (nameof(NotificationStateMachine.Sending) or nameof(NotificationStateMachine.Delivered))
        )
            return false;

        var sent = 0;
        for (var index = 0; index < after.Deliveries.Count; index++)
        {
            var (was, isNow) = (before.Deliveries[index].Status, after.Deliveries[index].Status);
            if (was == DeliveryStatus.Sending && isNow == DeliveryStatus.Sent)
                sent++;
            else if (was != isNow && !(was == DeliveryStatus.Waiting && isNow == DeliveryStatus.NotNeeded))
                return false;
        }

        return sent > 0;
    }

    /// <summary>True when a vendor reports of what was sent that it has arrived, and that changes nothing else.</summary>
    static bool WasReported(NotificationBefore before, NotificationState after, DeliveryReceiptReceived receipt, Effects effects)
    {
        if (
            receipt.Kind is not (ReceiptKind.Confirmed or ReceiptKind.Opened or ReceiptKind.Read)
            || before.State != after.CurrentState
            || before.Deliveries.Count != after.Deliveries.Count
            || effects.Commands.Count > 0
            || effects.Outcome is not null
        )
            return false;

        for (var index = 0; index < after.Deliveries.Count; index++)
        {
            var (was, isNow) = (before.Deliveries[index].Status, after.Deliveries[index].Status);
            if (was != isNow && !(was == DeliveryStatus.Sent && isNow == DeliveryStatus.Confirmed))
                return false;
        }

        return true;
    }
}

/// <summary>What may change of a notification, as it was before a step.</summary>
sealed class NotificationBefore(NotificationState? notification)
{
    readonly DateTimeOffset? _completedAt = notification?.CompletedAt;
    readonly bool _timerRuns = notification?.EscalationToken is not null;

    /// <summary>True when the step begins it.</summary>
    public bool IsNone { get; } = notification is null;

    /// <summary>The machine's state.</summary>
    public string State { get; } = notification?.CurrentState ?? "Initial";

    /// <summary>True when it had ended.</summary>
    public bool HadEnded => _completedAt is not null;

    /// <summary>The deliveries.</summary>
    public IReadOnlyList<DeliveryState> Deliveries { get; } =
        notification is null ? [] : [.. notification.Deliveries.Select(delivery => delivery.Copy())];

    /// <summary>All of it, as it is kept.</summary>
    public JsonObject Content() => IsNone ? SagaContent.Empty() : SagaContent.Of(_completedAt, _timerRuns, Deliveries);
}

/// <summary>The message that a step takes.</summary>
/// <param name="Message">The message.</param>
/// <param name="Name">The short name of its type.</param>
/// <param name="Ids">Its id, and those of what was taken together with it.</param>
readonly record struct TakenMessage(object Message, string Name, IReadOnlyList<Guid> Ids);

/// <summary>What a step causes.</summary>
/// <param name="Effects">What is published at once.</param>
/// <param name="Scheduled">What is published later.</param>
/// <param name="Cancelled">How much of what was to be published later is not.</param>
readonly record struct CausedByStep(Effects Effects, IReadOnlyList<OutgoingMessage> Scheduled, int Cancelled)
{
    /// <summary>By short names, in order.</summary>
    public IEnumerable<string> Names()
    {
        foreach (var command in Effects.Commands)
            yield return $"send-{command.Channel}";
        foreach (var message in Scheduled)
            yield return $"schedule {NameOf(message)}";
        for (var count = 0; count < Cancelled; count++)
            yield return $"unschedule {nameof(EscalationDue)}";
        if (Effects.Outcome is { } outcome)
            yield return outcome.Message.GetType().Name;
    }

    static string NameOf(OutgoingMessage message)
    {
        var first = message.MessageTypes.Split(';')[0];
        return first[(first.LastIndexOf(':') + 1)..];
    }
}

/// <summary>The short name of a message's type, made once for each.</summary>
static class ShortName<TMessage>
{
    public static string Value { get; } = Of(typeof(TMessage));

    static string Of(Type type) =>
        type.IsGenericType
            ? $"{type.Name[..type.Name.IndexOf('`', StringComparison.Ordinal)]}<{string.Join(", ", type.GetGenericArguments().Select(Of))}>"
            : type.Name;
}
