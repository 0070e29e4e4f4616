using NotificationBus.Model;

namespace NotificationBus.Providers;

/// <summary>One delivery as a provider gets it: everything to send it, nothing to look up.</summary>
public sealed record Delivery
{
    /// <summary>The notification the delivery belongs to.</summary>
    public required Guid NotificationId { get; init; }

    /// <summary>
    /// The delivery. It doubles as the provider's idempotency key and as the local part of the Message-ID, so that every try
    /// of the same delivery carries the same name.
    /// </summary>
    public required Guid Id { get; init; }

    /// <summary>The channel, such as <c>email</c>.</summary>
    public required string Channel { get; init; }

    /// <summary>The address on the channel. Never logged.</summary>
    public required string Address { get; init; }

    /// <summary>The sender that its application has of its own on the channel; null for the account's.</summary>
    public Sender? Sender { get; init; }

    /// <summary>The recipient's name, when known.</summary>
    public string? RecipientName { get; init; }

    /// <summary>The time from which it is of no use any more: how long the provider should try. Null when nobody has said.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Kind of notification, such as <c>order-placed</c>.</summary>
    public required string Category { get; init; }

    /// <summary>The time at which the event was taken, the same on every try; null when that is not known.</summary>
    public DateTimeOffset? OccurredAt { get; init; }

    /// <summary>The content to send.</summary>
    public required Content Content { get; init; }

    /// <summary>A hash over it, for the record of each call; null when nobody has said.</summary>
    public Guid? ContentHash { get; init; }

    /// <summary>The version of the template, when it was filled again after the plan.</summary>
    public string? TemplateVersion { get; init; }

    /// <summary>The values of the event's data, also those the content does not show. No log and no reason repeats one.</summary>
    public IEnumerable<string> Values { get; init; } = [];

    /// <summary>
    /// The URL at which a POST unsubscribes from the category on this channel (RFC 8058), and a GET shows a page that asks; null when the
    /// category has no such link. What carries it in a header must sign that header.
    /// </summary>
    public Uri? UnsubscribeUrl { get; init; }
}
