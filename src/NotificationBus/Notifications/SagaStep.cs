using System.Text.Json.Nodes;
using NotificationBus.Model;

namespace NotificationBus.Notifications;

/// <summary>One step of a notification's saga as people read it, or several that went straight.</summary>
public sealed record SagaStep
{
    /// <summary>
    /// The number of the first step it stands for, when it stands for several that were not kept each by itself; null when it is one step.
    /// </summary>
    public int? From { get; init; }

    /// <summary>Its number, counted from 1 without a gap; of several the last.</summary>
    public required int Number { get; init; }

    /// <summary>The time at which it was made, by the record's clock. Of what was not kept: the latest time that it has set.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>
    /// The message it took, such as <c>DeliveryFailed</c>. Of what was not kept: which messages it can have been, or <c>unknown</c>.
    /// </summary>
    public required string Message { get; init; }

    /// <summary>The ids of the messages it took; empty when it was not kept.</summary>
    public IReadOnlyList<Guid> MessageIds { get; init; } = [];

    /// <summary>initial before the first step; then sending, held, delivered, partly-delivered, cancelled, expired or failed.</summary>
    public required string Before { get; init; }

    /// <summary>The state after it.</summary>
    public required string After { get; init; }

    /// <summary>What became of deliveries in it, in the order of the plan; those that did not change are not named.</summary>
    public required IReadOnlyList<DeliveryChange> Deliveries { get; init; }

    /// <summary>What it caused, by short names: <c>send-email</c>, <c>schedule EscalationDue</c>, <c>NotificationDelivered</c>.</summary>
    public required IReadOnlyList<string> Caused { get; init; }

    /// <summary>All that it changed, as a JSON merge patch (RFC 7396): deliveries by id, <c>completedAt</c>, <c>timer</c>.</summary>
    public required JsonObject Changes { get; init; }

    /// <summary>The reason why it was not kept by itself and is derived from the notification; null when it was kept.</summary>
    public string? Derived { get; init; }
}

/// <summary>A change of one delivery by a step.</summary>
public sealed record DeliveryChange
{
    /// <summary>The delivery.</summary>
    public required Guid Id { get; init; }

    /// <summary>Its channel.</summary>
    public required string Channel { get; init; }

    /// <summary>Its status before; null when the step has planned it.</summary>
    public DeliveryStatus? Before { get; init; }

    /// <summary>Its status after it.</summary>
    public required DeliveryStatus After { get; init; }

    /// <summary>The provider that took it or refused it last, when the step says so.</summary>
    public string? Provider { get; init; }

    /// <summary>The reason why it was not sent or came back, when the step says so.</summary>
    public string? Reason { get; init; }
}
