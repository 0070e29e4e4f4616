using System.Net;
using System.Threading.RateLimiting;

namespace NotificationBus.Host.Http;

/// <summary>
/// The limit on how often notifications that nobody knows may be cancelled. Each is looked for again for a day, in case its event is on its
/// way; whoever asks for what never was makes work that waits for nothing. What a caller asks first is counted apart: a few who ask for
/// much leave that to all others.
/// </summary>
sealed class UnknownCancellations : IDisposable
{
    /// <summary>The most of one caller in a window.</summary>
    public const int MostOfACaller = 100;

    /// <summary>The most of all callers of this host in a window, beyond what each asks first.</summary>
    public const int MostOfAll = 1_000;

    /// <summary>The number of cancellations that a caller asks for first.</summary>
    public const int FirstOfACaller = 10;

    /// <summary>The most of all callers of this host in a window, of what each asks first.</summary>
    public const int FirstOfAll = 1_000;

    /// <summary>The time after which they may again.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(10);

    readonly PartitionedRateLimiter<IPAddress> _first = PartitionedRateLimiter.CreateChained(OfEach(FirstOfACaller), OfAll(FirstOfAll));
    readonly PartitionedRateLimiter<IPAddress> _more = PartitionedRateLimiter.CreateChained(
        OfEach(MostOfACaller - FirstOfACaller),
        OfAll(MostOfAll)
    );

    /// <summary>True when this one is within the bounds.</summary>
    public bool MayAsk(IPAddress? address)
    {
        var caller = CallerNetwork.Of(address);
        using var first = _first.AttemptAcquire(caller);
        if (first.IsAcquired)
            return true;

        using var more = _more.AttemptAcquire(caller);
        return more.IsAcquired;
    }

    public void Dispose()
    {
        _first.Dispose();
        _more.Dispose();
    }

    static PartitionedRateLimiter<IPAddress> OfEach(int most) =>
        PartitionedRateLimiter.Create<IPAddress, IPAddress>(caller => RateLimitPartition.GetFixedWindowLimiter(caller, _ => Of(most)));

    static PartitionedRateLimiter<IPAddress> OfAll(int most) =>
        PartitionedRateLimiter.Create<IPAddress, bool>(_ => RateLimitPartition.GetFixedWindowLimiter(true, _ => Of(most)));

    static FixedWindowRateLimiterOptions Of(int most) => new() { PermitLimit = most, Window = Window };
}
