using NotificationBus.Model;

namespace NotificationBus.Providers;

/// <summary>
/// Writes down every call to a provider before it is made and after it came back, so that a process that dies in between
/// leaves a trace. Each method is one short write; no transaction is open while a provider is called.
/// </summary>
public interface IAttemptLedger
{
    /// <summary>Claims the next call of a delivery.</summary>
    /// <param name="attempt">What is about to be called. Its times are set by the store.</param>
    /// <param name="address">
    /// Where it would be sent, as <see cref="IChannel.Canonical"/> writes it. Nothing is granted for one that is suppressed.
    /// </param>
    /// <param name="category">What would be sent: the address may be suppressed for this kind of notification only.</param>
    /// <param name="lease">How long others keep away when no outcome follows.</param>
    /// <param name="cancellationToken">Gives up the claim.</param>
    Task<AttemptClaim> Claim(DeliveryAttempt attempt, string address, string category, TimeSpan lease, CancellationToken cancellationToken);

    /// <summary>Records how a claimed call came out. An outcome that is recorded stays.</summary>
    /// <param name="outcome">The attempt with its outcome.</param>
    /// <param name="suppressedAddress">
    /// The address, when the outcome is that it must not be used again; suppressed for every category by the same write.
    /// </param>
    /// <param name="cancellationToken">Gives up the record.</param>
    /// <returns>False when another outcome was recorded before; then nothing is written.</returns>
    Task<bool> Record(DeliveryAttempt outcome, string? suppressedAddress, CancellationToken cancellationToken);

    /// <summary>
    /// Claims the next number of a delivery for good, so that nobody can call a provider for it any more. A call under way goes on. Does
    /// nothing when that was done before, or when a provider has accepted it.
    /// </summary>
    /// <param name="notificationId">The notification the delivery belongs to.</param>
    /// <param name="deliveryId">The delivery.</param>
    /// <param name="channel">Its channel.</param>
    /// <param name="reason">Who cancels it and why.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>
    /// The attempts in order. One of them is <see cref="AttemptStatus.Cancelled"/> or <see cref="AttemptStatus.Accepted"/>.
    /// </returns>
    Task<IReadOnlyList<DeliveryAttempt>> Cancel(
        Guid notificationId,
        Guid deliveryId,
        string channel,
        string reason,
        CancellationToken cancellationToken
    );

    /// <summary>The attempts of a delivery in order.</summary>
    Task<IReadOnlyList<DeliveryAttempt>> AttemptsOf(Guid notificationId, Guid deliveryId, CancellationToken cancellationToken);

    /// <summary>The last call to a provider for a delivery; null when there was none.</summary>
    Task<DeliveryAttempt?> FindByDelivery(string provider, Guid deliveryId, CancellationToken cancellationToken);

    /// <summary>The last call to a provider that it answered with this id of its own; null when none is on record.</summary>
    Task<DeliveryAttempt?> FindByMessage(string provider, string providerMessageId, CancellationToken cancellationToken);
}

/// <summary>The answer to a claim.</summary>
/// <param name="Earlier">
/// The attempts of the delivery in order when its number was claimed before, by an earlier command or by another worker; else empty.
/// </param>
/// <param name="Now">The store's clock, by which leases are counted.</param>
/// <param name="Suppression">Why the address must not be used; null when it may.</param>
public sealed record AttemptClaim(IReadOnlyList<DeliveryAttempt> Earlier, DateTimeOffset Now, string? Suppression = null)
{
    /// <summary>True when the caller may make the call.</summary>
    public bool Granted => Earlier.Count == 0 && Suppression is null;

    /// <summary>The last of them, when it says that the delivery was cancelled; else null.</summary>
    public DeliveryAttempt? Cancellation => Earlier is [.., { Status: AttemptStatus.Cancelled } last] ? last : null;

    /// <summary>Those of them that are calls.</summary>
    public IReadOnlyList<DeliveryAttempt> Calls => Cancellation is null ? Earlier : [.. Earlier.SkipLast(1)];
}
