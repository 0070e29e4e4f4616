namespace NotificationBus.Contracts;

/// <summary>The queue in which a delivery waits.</summary>
public enum Lane
{
    /// <summary>Somebody waits for it: an order, a message, a password.</summary>
    Transactional,

    /// <summary>Many at once, and minutes do not matter: campaigns, announcements.</summary>
    Bulk,
}
