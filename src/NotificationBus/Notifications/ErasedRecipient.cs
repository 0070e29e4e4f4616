using NotificationBus.Model;

namespace NotificationBus.Notifications;

/// <summary>What stands in the place of a recipient who is erased. Nothing is sent there, and nothing is learned of it.</summary>
public static class ErasedRecipient
{
    /// <summary>What the name in the recipient's place begins with, and that in the place of a suppressed address.</summary>
    public const string Prefix = "erased-";

    /// <summary>The word in the place of an address, and of what was written about it.</summary>
    public const string Text = "erased";

    /// <summary>True when the recipient of a notification is erased: nobody knows any more where it went, or what it said.</summary>
    public static bool Is(NotificationState notification) =>
        notification.Recipient.Id.StartsWith(Prefix, StringComparison.Ordinal)
        && notification.Deliveries.All(delivery => delivery.Address == Text);
}
