using System.Runtime.InteropServices;
using System.Text.Json;
using NotificationBus.Model;

namespace NotificationBus.Saga.Persistence;

/// <summary>
/// Notifications as this process has stored them last, so that the next step need not load them. What is here may be out of date: another
/// host may have made a step since. Then the write loses its race by the version, and the step is made again with what is loaded.
/// </summary>
public sealed class NotificationCache
{
    // A notification takes the place its id falls on from the one that had it. Enough for those that are on their way under load.
    const int Places = 4096;

    // In bytes. What is larger is loaded: the places are never emptied by age.
    const int LargestData = 8 * 1024;

    readonly NotificationState?[] _places = new NotificationState?[Places];

    /// <summary>Takes a notification out, for the one step that may change it; null when it is not here.</summary>
    public NotificationState? Take(Guid notificationId)
    {
        ref var place = ref PlaceOf(notificationId);
        var notification = Volatile.Read(ref place);
        return
            notification?.CorrelationId == notificationId
            && Interlocked.CompareExchange(ref place, value: null, notification) == notification
            ? notification
            : null;
    }

    /// <summary>Keeps a notification as it is in the store. One that has ended is not needed any more.</summary>
    public void Keep(NotificationState notification)
    {
        if (
            notification is { CompletedAt: null, Data.ValueKind: JsonValueKind.Object }
            && JsonMarshal.GetRawUtf8Value(notification.Data).Length <= LargestData
        )
            Volatile.Write(ref PlaceOf(notification.CorrelationId), notification);
    }

    /// <summary>
    /// Forgets all of them: after an outage the store may have lost what it had taken, and count the same versions again.
    /// </summary>
    public void Clear() => Array.Clear(_places);

    ref NotificationState? PlaceOf(Guid notificationId) => ref _places[(uint)notificationId.GetHashCode() % Places];
}
