namespace NotificationBus.Access;

/// <summary>A key as it is on record. The key itself is not: only its hash.</summary>
public sealed record AccessKey
{
    /// <summary>The part of the key that may be known: 16 digits, unlike any other key's.</summary>
    public required string Id { get; init; }

    /// <summary>The application it belongs to.</summary>
    public required string Application { get; init; }

    /// <summary>What people call it, such as the service that has it.</summary>
    public required string Name { get; init; }

    /// <summary>What it opens.</summary>
    public required IReadOnlyList<Scope> Scopes { get; init; }

    /// <summary>The SHA-256 hash of the whole key.</summary>
    public required byte[] Hash { get; init; }

    /// <summary>The hash of the key before it was rotated; null when that is not taken any more.</summary>
    public byte[]? EarlierHash { get; init; }

    /// <summary>The time until which the key before is taken.</summary>
    public DateTimeOffset? EarlierUntil { get; init; }

    /// <summary>The time at which it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The time at which it was rotated last.</summary>
    public DateTimeOffset? RotatedAt { get; init; }

    /// <summary>The time from which it is refused.</summary>
    public DateTimeOffset? RevokedAt { get; init; }

    /// <summary>A time at which it was used, no more than a minute before the last.</summary>
    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>The name under which its holder stands in the record: <c>key shop/0123456789abcdef</c>.</summary>
    public string Holder => $"key {Application}/{Id}";
}
