using System.ComponentModel.DataAnnotations;

namespace NotificationBus.Providers.Accounts;

/// <summary>
/// Settings of <c>Providers:{account}:Circuit</c>: when an account that keeps failing is not called any more, and when it is again.
/// </summary>
/// <remarks>
/// Beside the share of a few calls two other measures open the circuit: half of fifty calls (or of <see cref="MinimumCalls"/>, when that is
/// more) within 30 seconds, or <see cref="MinimumCalls"/> failures in a row, however long that takes.
/// </remarks>
public sealed class CircuitOptions
{
    /// <summary>
    /// The fewest calls within ten seconds that say anything, 2 to 10,000, default 8. An account that has never taken anything is judged by
    /// its first three.
    /// </summary>
    [Range(2, 10_000)]
    public int MinimumCalls { get; set; } = 8;

    /// <summary>The share of them that must fail, 0.01 to 1, default 0.9.</summary>
    [Range(0.01, 1.0)]
    public double FailureShare { get; set; } = 0.9;

    /// <summary>The time that no probe is made after the circuit has opened, or a probe has failed, 1 s to 1 h, default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan OpenFor { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The number of probes in a row, one at a time, that close the circuit, 1 to 100, default 3.</summary>
    [Range(1, 100)]
    public int HalfOpenCalls { get; set; } = 3;
}
