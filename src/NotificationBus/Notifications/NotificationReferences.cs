using NotificationBus.Model;

namespace NotificationBus.Notifications;

/// <summary>
/// What a notification is found by: its event id, its business keys and its addresses, and what many have in common, each as a hash of 64
/// bits. A hash has one length whatever it is of, and an address written twice is forgotten twice.
/// </summary>
public static class NotificationReferences
{
    /// <summary>The reference of the producer's name for an occurrence.</summary>
    public static long OfEvent(string eventId) => DeterministicId.NumberFrom("event", eventId);

    /// <summary>The reference of a business key.</summary>
    public static long OfKey(string name, string value) => DeterministicId.NumberFrom("key", name, value);

    /// <summary>The reference of an address, as <see cref="IChannel.Canonical"/> writes it.</summary>
    public static long OfAddress(string canonical) => DeterministicId.NumberFrom("address", canonical);

    /// <summary>The reference of a category, which many notifications have.</summary>
    public static long OfCategory(string category) => DeterministicId.NumberFrom("category", category);

    /// <summary>The reference of a channel.</summary>
    public static long OfChannel(string channel) => DeterministicId.NumberFrom("channel", channel);

    /// <summary>The reference of an application, over ranges of time.</summary>
    public static long OfApplication(string application) => DeterministicId.NumberFrom("application", application);

    /// <summary>The reference of an account.</summary>
    public static long OfProvider(string provider) => DeterministicId.NumberFrom("provider", provider);

    /// <summary>The references that are a notification's own, each once.</summary>
    public static IReadOnlyCollection<long> Of(NotificationState notification, ChannelSet channels)
    {
        var references = new HashSet<long>(1 + notification.Keys.Count + notification.Deliveries.Count);
        if (notification.EventId is { } eventId)
            references.Add(OfEvent(eventId));
        foreach (var (name, value) in notification.Keys)
            references.Add(OfKey(name, value));
        foreach (var delivery in notification.Deliveries)
            references.Add(OfAddress(channels.Find(delivery.Channel)?.Canonical(delivery.Address) ?? delivery.Address));
        return references;
    }
}
