using NotificationBus.Channels.Http;
using NotificationBus.Providers;

namespace NotificationBus.Channels.Chat;

/// <summary>
/// Tells a place that gets too much from an account that sends too much, where the service answers both in the same words: it is the
/// account when several places are told so within a short while. What one host is answered counts.
/// </summary>
sealed class ThrottledPlaces(TimeProvider clock)
{
    const int Several = 3;
    static readonly TimeSpan ShortWhile = TimeSpan.FromMinutes(1);

    readonly Lock _lock = new();
    readonly List<(string Place, DateTimeOffset At)> _newest = [];

    /// <summary>
    /// Translates the answer that a place is called too often: about the account when several places are told so, else about this delivery
    /// only.
    /// </summary>
    public ProviderResult Of(HttpAnswer answer, string place, TimeSpan? pause) =>
        AreSeveral(place)
            ? new ProviderResult.Throttled($"{answer}", pause)
            : new ProviderResult.Unavailable($"{answer}", pause, OnlyThisDelivery: true);

    bool AreSeveral(string place)
    {
        lock (_lock)
        {
            var now = clock.GetUtcNow();
            _newest.RemoveAll(one => one.Place == place || now - one.At > ShortWhile);
            _newest.Add((place, now));
            if (_newest.Count > Several)
                _newest.RemoveAt(0);
            return _newest.Count == Several;
        }
    }
}
