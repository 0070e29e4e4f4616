using System.Text.Json;

namespace NotificationBus.Subscriptions;

/// <summary>What stands in the record of changes about a subscription: never its secret, and of its address only the host.</summary>
public static class SubscriptionNotes
{
    /// <summary>It was removed.</summary>
    public static JsonElement Removed { get; } = JsonSerializer.SerializeToElement(new { removed = true });

    /// <summary>What the entries are about.</summary>
    public static string Subject(Guid id) => $"subscription {id}";

    /// <summary>It was made.</summary>
    public static JsonElement Made(Subscription subscription) =>
        JsonSerializer.SerializeToElement(
            new
            {
                host = HostOf(subscription.Url),
                events = subscription.Events,
                categories = subscription.Categories,
            }
        );

    /// <summary>It was changed.</summary>
    public static JsonElement Changed(SubscriptionChange change) =>
        JsonSerializer.SerializeToElement(
            new
            {
                host = change.Url is { } url ? HostOf(url) : null,
                events = change.Events,
                categories = change.Categories,
                enabled = change.Enabled,
            }
        );

    /// <summary>It got another secret.</summary>
    public static JsonElement Rotated(TimeSpan grace) =>
        JsonSerializer.SerializeToElement(new { rotated = true, graceSeconds = (long)grace.TotalSeconds });

    // A path may have a token in it.
    static string HostOf(string url) => Uri.TryCreate(url, UriKind.Absolute, out var parsed) ? parsed.Host : "";
}
