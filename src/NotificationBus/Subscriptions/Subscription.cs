using NotificationBus.Model;

namespace NotificationBus.Subscriptions;

/// <summary>A URL that is told what becomes of notifications.</summary>
public sealed record Subscription : IListener
{
    /// <summary>The most of one application, and of those who see all: none may leave the others without room.</summary>
    public const int Most = 100;

    /// <summary>The most there may be: each step of a notification is held against all of them.</summary>
    public const int MostInAll = 10 * Most;

    /// <inheritdoc />
    public required Guid Id { get; init; }

    /// <summary>The application of whose notifications it is told; null for those of all.</summary>
    public string? Application { get; init; }

    /// <summary>The address that is called.</summary>
    public required string Url { get; init; }

    /// <summary>The events it is told, of <see cref="HeardEvents.All"/>.</summary>
    public required IReadOnlyList<string> Events { get; init; }

    /// <summary>The categories it is told of; none for every one.</summary>
    public IReadOnlyList<string> Categories { get; init; } = [];

    /// <summary>The signing key as it is kept (<see cref="SubscriptionSecrets"/>).</summary>
    public required byte[] Secret { get; init; }

    /// <summary>The key before, which signs as well until <see cref="EarlierUntil"/>.</summary>
    public byte[]? EarlierSecret { get; init; }

    /// <summary>The time until which the key before signs as well.</summary>
    public DateTimeOffset? EarlierUntil { get; init; }

    /// <summary>The time at which it was made.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>The time since which nothing was taken, though it was tried; null while all is well.</summary>
    public DateTimeOffset? FailingSince { get; init; }

    /// <summary>The time at which it was disabled; null while it is told.</summary>
    public DateTimeOffset? DisabledAt { get; init; }

    /// <summary>The reason why it is disabled.</summary>
    public string? DisabledReason { get; init; }

    /// <summary>The time at which somebody last said that it is to be told; null when nobody has since it was made.</summary>
    public DateTimeOffset? EnabledAt { get; init; }

    /// <summary>True while it is told.</summary>
    public bool IsEnabled => DisabledAt is null;

    /// <inheritdoc />
    public bool Wants(string type, NotificationState notification) =>
        IsEnabled
        && (Application is null || Application == notification.Application)
        && Events.Contains(type, StringComparer.Ordinal)
        && (Categories.Count == 0 || Categories.Contains(notification.Category, StringComparer.Ordinal));
}
