using System.ComponentModel.DataAnnotations;

namespace NotificationBus.Channels.Sandbox;

/// <summary>Settings of the sandbox, for whoever wants to see what slow and unreliable vendors do: <c>Providers:sandbox</c>.</summary>
public sealed class SandboxOptions
{
    /// <summary>The time each call takes. Default 0, at most 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:10", ErrorMessage = "must be from {1} to {2}")]
    public TimeSpan Latency { get; set; } = TimeSpan.Zero;

    /// <summary>
    /// The share of calls, by chance, that are answered with "unavailable", as a vendor's passing error. Default 0 (none), at most 1 (all).
    /// </summary>
    [Range(0.0, 1.0, ErrorMessage = "must be from {1} to {2}")]
    public double FailureShare { get; set; }
}
