namespace NotificationBus.Benchmarks.Textbook;

/// <summary>A call to the provider, written before it is made and settled after it came back.</summary>
sealed class TextbookAttempt
{
    public Guid DeliveryId { get; set; }

    public int Number { get; set; }

    public Guid NotificationId { get; set; }

    public string Channel { get; set; } = "";

    public string Provider { get; set; } = "";

    public string Status { get; set; } = "";

    public string? ProviderMessageId { get; set; }

    public DateTimeOffset StartedAt { get; set; }

    public DateTimeOffset? FinishedAt { get; set; }
}
