namespace NotificationBus.Notifications;

/// <summary>The story of one notification: what happened to it, in order, and whether it got there.</summary>
public sealed record Explanation
{
    /// <summary>The notification.</summary>
    public required Guid Id { get; init; }

    /// <summary>accepted, sending, held, delivered, partly-delivered, cancelled, expired or failed.</summary>
    public required string Status { get; init; }

    /// <summary>The reason why it failed, wholly or in part, in one word: see <see cref="Contracts.ReasonCode"/>.</summary>
    public string? Code { get; init; }

    /// <summary>What happened, in order.</summary>
    public required IReadOnlyList<ExplainedStep> Story { get; init; }

    /// <summary>What it waits for now, and until when; null when it waits for nothing.</summary>
    public string? WaitsFor { get; init; }

    /// <summary>The answer to the question whether they got it.</summary>
    public required string Answer { get; init; }
}

/// <summary>One thing that happened to a notification.</summary>
public sealed record ExplainedStep
{
    /// <summary>The time at which it happened; of what lasts, the time at which it began.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>intake, planner, sender, receipt, operator, automation or outcome.</summary>
    public required string By { get; init; }

    /// <summary>The reason in one word, where there is one: see <see cref="Contracts.ReasonCode"/>.</summary>
    public string? Code { get; init; }

    /// <summary>The delivery; null when it is about the notification, an account or a channel.</summary>
    public Guid? DeliveryId { get; init; }

    /// <summary>The sentence.</summary>
    public required string Text { get; init; }
}
