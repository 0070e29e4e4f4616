using NotificationBus.Providers.Controls;

namespace NotificationBus.Access;

/// <summary>The keys on record. Every change is on record with who made it and why, and all hosts are told of it.</summary>
public interface IAccessKeys
{
    /// <summary>All there are, revoked ones included, the oldest first.</summary>
    Task<IReadOnlyList<AccessKey>> Load(CancellationToken cancellationToken);

    /// <summary>Puts a key on record, unless there is one with its id.</summary>
    /// <returns>True when it was put there.</returns>
    Task<bool> Add(AccessKey key, ChangedBy by, CancellationToken cancellationToken);

    /// <summary>Gives a key another hash, and takes the one before until <paramref name="grace"/> has passed.</summary>
    /// <returns>The key; null when there is none that is not revoked.</returns>
    Task<AccessKey?> Rotate(string id, byte[] hash, TimeSpan grace, ChangedBy by, CancellationToken cancellationToken);

    /// <summary>Has a key refused from now on. To do so again changes nothing.</summary>
    /// <returns>The key; null when there is none.</returns>
    Task<AccessKey?> Revoke(string id, ChangedBy by, CancellationToken cancellationToken);

    /// <summary>Notes when keys were used.</summary>
    Task NoteUse(IReadOnlyDictionary<string, DateTimeOffset> uses, CancellationToken cancellationToken);
}
