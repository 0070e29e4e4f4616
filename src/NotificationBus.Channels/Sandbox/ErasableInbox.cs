using NotificationBus.Erasures;
using NotificationBus.Sending;

namespace NotificationBus.Channels.Sandbox;

/// <summary>The inbox of a person who is erased: of this process, or where all hosts meet.</summary>
/// <param name="inbox">What is shown here.</param>
/// <param name="shared">Where all hosts meet, from where each host forgets it; null when there is one alone.</param>
sealed class ErasableInbox(SandboxInbox inbox, ICaughtDeliveries? shared) : IErasableInbox
{
    public Task<int> Forget(IReadOnlyCollection<Guid> notifications, bool apply, CancellationToken cancellationToken) =>
        shared is null ? Task.FromResult(inbox.Forget(notifications, apply)) : shared.Forget(notifications, apply, cancellationToken);
}
