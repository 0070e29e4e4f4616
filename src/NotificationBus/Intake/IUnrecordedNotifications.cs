using System.Runtime.InteropServices;

namespace NotificationBus.Intake;

/// <summary>Notifications that were accepted and are not on record: in the queue of the saga, or lost.</summary>
public interface IUnrecordedNotifications
{
    /// <summary>Keeps those of them that are not on record. One that is kept already stays as it is.</summary>
    Task Note(IReadOnlyList<PromisedNotification> accepted, CancellationToken cancellationToken);
}

/// <summary>A notification that a host has promised to somebody.</summary>
/// <param name="Id">The notification.</param>
/// <param name="MessageId">The message that begins it; null for one that began it.</param>
/// <param name="Ago">How long ago it was accepted. Of hosts and database each has a clock of its own.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct PromisedNotification(Guid Id, Guid? MessageId, TimeSpan Ago);
