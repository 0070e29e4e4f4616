using System.ComponentModel.DataAnnotations;

namespace NotificationBus.Host.Settings;

/// <summary>
/// The most calls of the API that one caller may make. Each item of a call with many counts as one. Each host counts for itself.
/// </summary>
public sealed class RateLimitOptions
{
    /// <summary>
    /// The most calls with one key, or of one person, in a window, 1 to 10,000,000, default 20,000. As many may come at once; one more is
    /// answered 429.
    /// </summary>
    [Range(1, 10_000_000)]
    public int CallsPerKey { get; set; } = 20_000;

    /// <summary>The most calls with all keys of one application in a window, 1 to 10,000,000, default 50,000.</summary>
    [Range(1, 10_000_000)]
    public int CallsPerApplication { get; set; } = 50_000;

    /// <summary>The window, 1 s to 1 h, default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan Window { get; set; } = TimeSpan.FromSeconds(10);
}
