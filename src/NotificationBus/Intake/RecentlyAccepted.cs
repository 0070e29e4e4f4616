using Microsoft.Extensions.Caching.Memory;

namespace NotificationBus.Intake;

/// <summary>
/// What this host accepted a moment ago. The event may still be in the broker when its producer asks; the answer is then
/// "accepted" and not "unknown". And another event under its name is known for one before the record has the first.
/// </summary>
public sealed class RecentlyAccepted : IDisposable
{
    static readonly TimeSpan Kept = TimeSpan.FromMinutes(1);

    readonly MemoryCache _fingerprints = new(new MemoryCacheOptions { SizeLimit = 100_000 });
    readonly Lock _lock = new();

    /// <summary>Remembers a notification and what it was begun with.</summary>
    /// <returns>What is remembered of it now: another fingerprint when it was begun with something else.</returns>
    public Guid Remember(Guid notificationId, Guid fingerprint)
    {
        lock (_lock)
        {
            return _fingerprints.TryGetValue(notificationId, out Guid first)
                ? first
                : _fingerprints.Set(notificationId, fingerprint, new MemoryCacheEntryOptions { Size = 1, AbsoluteExpirationRelativeToNow = Kept });
        }
    }

    /// <summary>Forgets a notification: its event was not taken.</summary>
    public void Forget(Guid notificationId) => _fingerprints.Remove(notificationId);

    /// <summary>True when it was accepted here a moment ago.</summary>
    public bool Contains(Guid notificationId) => _fingerprints.TryGetValue(notificationId, out _);

    /// <inheritdoc />
    public void Dispose() => _fingerprints.Dispose();
}
