namespace NotificationBus.Subscriptions;

/// <summary>
/// What subscribers are told, and how far it got. It is written by the statement that stores the step it is about. Hosts send it side by
/// side.
/// </summary>
public interface IWebhookDeliveries
{
    /// <summary>The subscriptions that are enabled and for which something is due.</summary>
    Task<IReadOnlyList<Guid>> WithDue(CancellationToken cancellationToken);

    /// <summary>
    /// Takes what is due for one subscription, the longest due first. Of each notification only the first that waits: the next is due when
    /// it was delivered or given up, and not looked at again while the one before waits for its next try. What is taken and not settled is
    /// due again after the lease.
    /// </summary>
    Task<IReadOnlyList<WebhookDelivery>> Take(Guid subscriptionId, TimeSpan lease, int limit, CancellationToken cancellationToken);

    /// <summary>Writes down what came of a try, unless that does not count any more.</summary>
    Task Settle(WebhookSettlement settlement, CancellationToken cancellationToken);

    /// <summary>The subscriber takes again what it is sent: what waits is due now, unless it is taken.</summary>
    Task Hasten(Guid subscriptionId, CancellationToken cancellationToken);

    /// <summary>How many wait for one subscription; not more than <paramref name="most"/> are counted.</summary>
    Task<long> CountWaiting(Guid subscriptionId, long most, CancellationToken cancellationToken);

    /// <summary>Adds a test, and returns it as it waits.</summary>
    /// <param name="heard">The test, whose notification is itself.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<WebhookDelivery> AddTest(HeardEvent heard, CancellationToken cancellationToken);

    /// <summary>Those that fit, the newest first.</summary>
    Task<IReadOnlyList<WebhookDelivery>> List(WebhookFilter filter, CancellationToken cancellationToken);

    /// <summary>Has one sent again, whatever became of it. Null when there is none.</summary>
    Task<WebhookDelivery?> Resend(Guid subscriptionId, Guid id, CancellationToken cancellationToken);

    /// <summary>Has those sent again that were given up and that were stored since then, the oldest first.</summary>
    /// <returns>How many; as many as the limit when there may be more.</returns>
    Task<int> Recover(Guid subscriptionId, DateTimeOffset since, int limit, CancellationToken cancellationToken);

    /// <summary>
    /// Forgets what is older and does not wait, or waits for a subscription that is disabled or gone.
    /// </summary>
    /// <returns>How many; as many as the limit when there may be more.</returns>
    Task<int> Forget(TimeSpan age, int limit, CancellationToken cancellationToken);
}
