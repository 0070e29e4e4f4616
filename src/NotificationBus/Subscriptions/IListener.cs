using NotificationBus.Model;

namespace NotificationBus.Subscriptions;

/// <summary>Whoever is told what becomes of notifications. What it is told is stored with the step that it is about.</summary>
public interface IListener
{
    /// <summary>The id under which it is told.</summary>
    Guid Id { get; }

    /// <summary>True when it is to be told of that.</summary>
    /// <param name="type">One of <see cref="HeardEvents.All"/>.</param>
    /// <param name="notification">The notification it happened to.</param>
    bool Wants(string type, NotificationState notification);
}
