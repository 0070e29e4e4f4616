using System.Text.Json;

namespace NotificationBus.Access;

/// <summary>What stands in the record of changes about a key: never the key, nor its hash.</summary>
public static class KeyChange
{
    /// <summary>It was revoked.</summary>
    public static JsonElement Revoked { get; } = JsonSerializer.SerializeToElement(new { revoked = true });

    /// <summary>It was made.</summary>
    public static JsonElement Made(AccessKey key) =>
        JsonSerializer.SerializeToElement(new { name = key.Name, scopes = key.Scopes.Select(scope => scope.Spell()) });

    /// <summary>It got another secret.</summary>
    public static JsonElement Rotated(TimeSpan grace) =>
        JsonSerializer.SerializeToElement(new { rotated = true, graceSeconds = (long)grace.TotalSeconds });
}
