namespace NotificationBus.Sending;

/// <summary>
/// Writes down every call to a provider before it is made and after it came back, so that a process that dies in between
/// leaves a trace. Each method is one short write; no transaction is open while a provider is called.
/// </summary>
public interface IAttemptLedger
{
    /// <summary>Claims the next call of a delivery.</summary>
    /// <param name="attempt">What is about to be called. Its times are set by the store.</param>
    /// <param name="lease">How long others keep away when no outcome follows.</param>
    /// <param name="cancellationToken">Gives up the claim.</param>
    /// <returns>The attempts there are when that number was claimed before, by this delivery's earlier order or by another worker; empty when the claim is granted.</returns>
    Task<AttemptClaim> Claim(DeliveryAttempt attempt, TimeSpan lease, CancellationToken cancellationToken);

    /// <summary>Records how a claimed call came out. An outcome that is recorded stays.</summary>
    Task Record(DeliveryAttempt outcome, CancellationToken cancellationToken);
}

/// <summary>The answer to a claim.</summary>
/// <param name="Earlier">The attempts of the delivery in order when the claim was refused; empty when it was granted.</param>
/// <param name="Now">The store's clock, by which leases are counted.</param>
public sealed record AttemptClaim(IReadOnlyList<DeliveryAttempt> Earlier, DateTimeOffset Now)
{
    /// <summary>True when the caller may make the call.</summary>
    public bool Granted => Earlier.Count == 0;
}
