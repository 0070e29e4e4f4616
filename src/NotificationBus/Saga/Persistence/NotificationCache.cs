namespace NotificationBus.Saga.Persistence;

/// <summary>
/// Notifications as this process has stored them last, so that the next step need not load them. What is here may be out of date: another host
/// may have made a step since. Then the write loses its race by the version, and the step is made again with what is loaded.
/// </summary>
public sealed class NotificationCache
{
    // A notification takes the place its id falls on from the one that had it. Enough for those that are on their way under load, at some kilobytes each.
    const int Places = 4096;

    readonly NotificationState?[] _places = new NotificationState?[Places];

    /// <summary>Takes a notification out, for the one step that may change it; null when it is not here.</summary>
    public NotificationState? Take(Guid notificationId)
    {
        ref var place = ref PlaceOf(notificationId);
        var notification = Volatile.Read(ref place);
        return notification?.CorrelationId == notificationId && Interlocked.CompareExchange(ref place, value: null, notification) == notification ? notification : null;
    }

    /// <summary>Keeps a notification as it is in the store. One that has ended is not needed any more.</summary>
    public void Keep(NotificationState notification)
    {
        if (notification.CompletedAt is null)
            Volatile.Write(ref PlaceOf(notification.CorrelationId), notification);
    }

    ref NotificationState? PlaceOf(Guid notificationId) => ref _places[(uint)notificationId.GetHashCode() % Places];
}
