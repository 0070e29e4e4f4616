namespace NotificationBus.Contracts;

/// <summary>The outcome of a notification on one channel.</summary>
public sealed record ChannelResult
{
    /// <summary>The channel.</summary>
    public required string Channel { get; init; }

    /// <summary>
    /// <c>sent</c>, <c>confirmed</c>, <c>failed</c>, <c>expired</c>, <c>cancelled</c>, <c>not-needed</c>, or <c>left-out</c> when the plan
    /// could not use the channel. Where it has several addresses, the best of them. In a view of what has not ended also <c>waiting</c>,
    /// <c>sending</c> and <c>held</c>.
    /// </summary>
    public required string Result { get; init; }

    /// <summary>
    /// The reason why it was left out, or did not go out to some address, for a person to read; null when there is nothing to say. Names no
    /// address.
    /// </summary>
    public string? Reason { get; init; }

    /// <summary>
    /// The same in one word, of the first address that was not reached: see <see cref="ReasonCode"/>. Null when there is nothing to say.
    /// </summary>
    public string? Code { get; init; }
}
