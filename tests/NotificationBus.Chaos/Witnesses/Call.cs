namespace NotificationBus.Chaos.Witnesses;

/// <summary>One call as the provider saw it.</summary>
sealed class Call(string provider, Guid delivery, DateTimeOffset received)
{
    /// <summary>Who was called.</summary>
    public string Provider => provider;

    /// <summary>The delivery's id, which is also its idempotency key.</summary>
    public Guid Delivery => delivery;

    /// <summary>When the request had been read.</summary>
    public DateTimeOffset Received => received;

    /// <summary>Whether the provider took responsibility, whatever it answered afterwards.</summary>
    public bool Taken { get; set; }

    /// <summary>When the provider was done with it.</summary>
    public DateTimeOffset? Answered { get; set; }

    /// <summary>Whether the whole answer was written.</summary>
    public bool AnswerWritten { get; set; }
}
