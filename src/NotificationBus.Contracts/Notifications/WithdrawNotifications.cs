namespace NotificationBus.Contracts;

/// <summary>
/// The command to send none of the notifications that have a business key, whether they have begun or not: what they say is settled.
/// Publish it as you publish events. What a provider has taken by then stays sent, and what a provider may have taken is held for an
/// operator. Sending it again is harmless.
/// </summary>
public sealed record WithdrawNotifications
{
    /// <summary>The business key, as <c>order:4711</c>: its name, a colon and its value.</summary>
    public required string Key { get; init; }

    /// <summary>The categories, at least one and at most 50: what is told about an order besides goes on.</summary>
    public required IReadOnlyList<string> Categories { get; init; }

    /// <summary>
    /// The time before which a notification must have begun, at most 90 days from now. Those that begin later are sent: the key may be used
    /// anew. Without it those of the next while are withdrawn as well, as <c>Withdrawals:KeptFor</c> says.
    /// </summary>
    public DateTimeOffset? Before { get; init; }

    /// <summary>The person or service that wants it.</summary>
    public required string By { get; init; }

    /// <summary>The reason, for a person to read.</summary>
    public required string Why { get; init; }
}
