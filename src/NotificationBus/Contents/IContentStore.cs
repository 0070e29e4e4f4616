namespace NotificationBus.Contents;

/// <summary>
/// The contents on record. Those of a plan are stored by the statement that stores its notification; here they are read, and what was
/// filled anew is kept.
/// </summary>
public interface IContentStore
{
    /// <summary>Finds contents; null when they are not kept, or not any longer.</summary>
    /// <param name="notificationId">The notification they belong to.</param>
    /// <param name="hash">The name they are kept under.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<PackedContents?> Find(Guid notificationId, Guid hash, CancellationToken cancellationToken);

    /// <summary>Keeps contents that were filled after the plan.</summary>
    Task Keep(Guid notificationId, PackedContents contents, CancellationToken cancellationToken);
}
