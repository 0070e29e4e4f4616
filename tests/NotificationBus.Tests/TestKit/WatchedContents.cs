using NotificationBus.Contents;

namespace NotificationBus.Tests.TestKit;

/// <summary>The contents in memory, which a test can damage.</summary>
sealed class WatchedContents(IContentStore contents) : IContentStore
{
    /// <summary>What is found is not what was kept.</summary>
    public bool AreDamaged { get; set; }

    public async Task<PackedContents?> Find(Guid notificationId, Guid hash, CancellationToken cancellationToken) =>
        await contents.Find(notificationId, hash, cancellationToken) is { } kept
            ? AreDamaged
                ? kept with
                {
                    Body = [.. kept.Body.Reverse()],
                }
                : kept
            : null;

    public Task Keep(Guid notificationId, PackedContents packed, CancellationToken cancellationToken) =>
        contents.Keep(notificationId, packed, cancellationToken);
}
