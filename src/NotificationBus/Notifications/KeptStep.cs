namespace NotificationBus.Notifications;

/// <summary>One step of a saga as it is kept, in the statement that writes the row.</summary>
public sealed record KeptStep
{
    /// <summary>Its number: the version of the row after it. The first step of a notification has 1.</summary>
    public required int Number { get; init; }

    /// <summary>The time at which it was made, by the record's clock.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The message it took, by the short name of its type, such as <c>DeliveryFailed</c>.</summary>
    public required string Message { get; init; }

    /// <summary>The ids of the messages it took: one, or several results that were there at the same moment.</summary>
    public required IReadOnlyList<Guid> MessageIds { get; init; }

    /// <summary>The saga's state before, as the machine names it; <c>Initial</c> before the first step.</summary>
    public required string StateBefore { get; init; }

    /// <summary>The saga's state after it.</summary>
    public required string StateAfter { get; init; }

    /// <summary>What may change of the row, as it was before: JSON, see <see cref="SagaContent"/>.</summary>
    public required string Before { get; init; }

    /// <summary>What has changed, as a JSON merge patch (RFC 7396) on <see cref="Before"/>.</summary>
    public required string Changes { get; init; }

    /// <summary>
    /// What it caused, in order, by short names: <c>send-email</c>, <c>schedule EscalationDue</c>, <c>NotificationDelivered</c>.
    /// </summary>
    public required IReadOnlyList<string> Caused { get; init; }
}
