using NotificationBus.Model;

namespace NotificationBus.Intake;

/// <summary>
/// Notifications that this host accepted within a day, as far as there is room. The event may still be in the broker when its producer
/// asks; the answer is then "accepted" and not "unknown". And another event under its name is known for one before the record has the
/// first.
/// </summary>
public sealed class RecentlyAccepted(TimeProvider clock)
{
    /// <summary>The most that are remembered, some ten megabytes. After them the oldest is forgotten.</summary>
    public const int Most = 100_000;

    /// <summary>The time that an accepted notification is remembered.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromDays(1);

    readonly Lock _lock = new();
    readonly Dictionary<Guid, (Guid Fingerprint, string Application, TimeSpan At)> _accepted = [];
    readonly Queue<(Guid Id, TimeSpan At)> _inOrder = new();

    /// <summary>Remembers a notification and what it was begun with.</summary>
    /// <returns>What is remembered of it now: another fingerprint when it was begun with something else.</returns>
    public Guid Remember(Guid notificationId, Guid fingerprint, string application = Applications.Default)
    {
        lock (_lock)
        {
            ForgetOld();
            if (_accepted.TryGetValue(notificationId, out var first))
                return first.Fingerprint;

            var now = clock.Steady();
            _accepted.Add(notificationId, (fingerprint, application, now));
            _inOrder.Enqueue((notificationId, now));
            return fingerprint;
        }
    }

    /// <summary>Forgets a notification: its event was not taken.</summary>
    public void Forget(Guid notificationId)
    {
        lock (_lock)
            _accepted.Remove(notificationId);
    }

    /// <summary>True when it was accepted here, and is not yet forgotten.</summary>
    public bool Contains(Guid notificationId)
    {
        lock (_lock)
        {
            ForgetOld();
            return _accepted.ContainsKey(notificationId);
        }
    }

    /// <summary>The application of one that was accepted here; null when it was not, or is forgotten.</summary>
    public string? ApplicationOf(Guid notificationId)
    {
        lock (_lock)
        {
            ForgetOld();
            return _accepted.TryGetValue(notificationId, out var accepted) ? accepted.Application : null;
        }
    }

    void ForgetOld()
    {
        while (_inOrder.TryPeek(out var oldest) && (_inOrder.Count >= Most || clock.Steady() - oldest.At >= Kept))
        {
            _inOrder.Dequeue();
            // It may have been forgotten since, and remembered anew.
            if (_accepted.TryGetValue(oldest.Id, out var kept) && kept.At == oldest.At)
                _accepted.Remove(oldest.Id);
        }
    }
}
