using Microsoft.Extensions.Caching.Memory;

namespace NotificationBus.Host.Http;

/// <summary>
/// What this host accepted a moment ago. The event may still be in the broker when its producer asks; the answer is then
/// "accepted" and not "unknown".
/// </summary>
sealed class RecentlyAccepted : IDisposable
{
    static readonly TimeSpan Kept = TimeSpan.FromMinutes(1);

    readonly MemoryCache _ids = new(new MemoryCacheOptions { SizeLimit = 100_000 });

    public void Remember(Guid notificationId) =>
        _ids.Set(notificationId, notificationId, new MemoryCacheEntryOptions { Size = 1, AbsoluteExpirationRelativeToNow = Kept });

    public bool Contains(Guid notificationId) => _ids.TryGetValue(notificationId, out _);

    public void Dispose() => _ids.Dispose();
}
