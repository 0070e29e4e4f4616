namespace NotificationBus.Intake;

/// <summary>Record of earlier notifications, for an event that may be here again.</summary>
public interface IEarlierNotifications
{
    /// <summary>The notification, or null when none was begun under that id, or it is still in the broker.</summary>
    Task<EarlierNotification?> FindEarlier(Guid notificationId, CancellationToken cancellationToken);
}

/// <summary>A notification that was begun before.</summary>
/// <param name="State">The state's name, such as Sending or Delivered.</param>
/// <param name="HasEnded">True when it has an outcome.</param>
/// <param name="Fingerprint">What it was begun with; null for one that an earlier version has begun.</param>
public sealed record EarlierNotification(string State, bool HasEnded, Guid? Fingerprint)
{
    /// <summary>True when an event with that fingerprint repeats the one it was begun with, as far as that is known.</summary>
    public bool IsRepeatedBy(Guid fingerprint) => Fingerprint is null || Fingerprint == fingerprint;
}
