using MassTransit;

namespace NotificationBus.Benchmarks.Textbook;

/// <summary>One notification.</summary>
public sealed class TextbookState : SagaStateMachineInstance
{
    public Guid CorrelationId { get; set; }

    public string CurrentState { get; set; } = "";

    public string EventId { get; set; } = "";

    public string RecipientId { get; set; } = "";

    /// <summary>The seller, as JSON.</summary>
    public string Recipient { get; set; } = "";

    /// <summary>The event, as JSON.</summary>
    public string Data { get; set; } = "";

    public bool EmailIsSent { get; set; }

    public bool PushIsSent { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    public DateTimeOffset? CompletedAt { get; set; }

    /// <summary>PostgreSQL's own count of the row's writes.</summary>
    public uint RowVersion { get; set; }
}
