using NotificationBus.Model;

namespace NotificationBus.Notifications;

/// <summary>
/// What a notification is found by beside its own columns: its business keys and its addresses, each as a hash. A hash has one length
/// whatever it is of, and an address written twice is forgotten twice.
/// </summary>
public static class NotificationReferences
{
    /// <summary>The reference of a business key.</summary>
    public static Guid OfKey(string name, string value) => DeterministicId.From("key", name, value);

    /// <summary>The reference of an address, as <see cref="IChannel.Canonical"/> writes it.</summary>
    public static Guid OfAddress(string canonical) => DeterministicId.From("address", canonical);

    /// <summary>All references of a notification, each once.</summary>
    public static IReadOnlyCollection<Guid> Of(NotificationState notification, ChannelSet channels)
    {
        var references = new HashSet<Guid>(notification.Keys.Count + notification.Deliveries.Count);
        foreach (var (name, value) in notification.Keys)
            references.Add(OfKey(name, value));
        foreach (var delivery in notification.Deliveries)
            references.Add(OfAddress(channels.Find(delivery.Channel)?.Canonical(delivery.Address) ?? delivery.Address));
        return references;
    }
}
