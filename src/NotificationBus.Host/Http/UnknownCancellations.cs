using System.Net;
using System.Threading.RateLimiting;

namespace NotificationBus.Host.Http;

/// <summary>
/// How often notifications that nobody knows may be cancelled. Each is looked for again for a day, in case its event is on its way; whoever
/// asks for what never was makes work that waits for nothing.
/// </summary>
sealed class UnknownCancellations : IDisposable
{
    /// <summary>The most of one caller in a window.</summary>
    public const int MostOfACaller = 100;

    /// <summary>The most of all callers of this host in a window.</summary>
    public const int MostOfAll = 1_000;

    /// <summary>After which time they may again.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(10);

    readonly PartitionedRateLimiter<IPAddress> _limits = PartitionedRateLimiter.CreateChained(
        PartitionedRateLimiter.Create<IPAddress, IPAddress>(caller => RateLimitPartition.GetFixedWindowLimiter(caller, _ => Of(MostOfACaller))),
        PartitionedRateLimiter.Create<IPAddress, bool>(_ => RateLimitPartition.GetFixedWindowLimiter(true, _ => Of(MostOfAll))));

    /// <summary>True when this one is within the bounds.</summary>
    public bool MayAsk(IPAddress? caller)
    {
        using var lease = _limits.AttemptAcquire(caller ?? IPAddress.None);
        return lease.IsAcquired;
    }

    public void Dispose() => _limits.Dispose();

    static FixedWindowRateLimiterOptions Of(int most) => new() { PermitLimit = most, Window = Window };
}
