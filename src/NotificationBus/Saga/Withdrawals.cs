using System.Collections.Concurrent;
using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Notifications;

namespace NotificationBus.Saga;

/// <summary>
/// Withdraws notifications by their business key: what is yet to come is remembered, and what has begun is called off as a cancellation
/// does. All of it may be done twice.
/// </summary>
public sealed class Withdrawals(IWithdrawals record, INotificationStore store, Cancellations cancellations)
{
    const int PageSize = 500;

    // As many as leave connections of the database to the others.
    const int AtOnce = 8;

    /// <summary>Withdraws.</summary>
    /// <param name="withdrawal">The withdrawal.</param>
    /// <param name="inputId">The message or call that asks for it.</param>
    /// <param name="most">The number of notifications after which no further ones are looked at.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>What became of the deliveries.</returns>
    public async Task<WithdrawnDeliveries> Withdraw(Withdrawal withdrawal, Guid inputId, int most, CancellationToken cancellationToken)
    {
        await record.Remember(withdrawal, cancellationToken);
        var answers = new ConcurrentBag<WithdrawnDeliveries>();
        var isComplete = await LookThrough(
            withdrawal,
            most,
            async page =>
            {
                foreach (var settled in page.Where(one => !one.MayBeSent))
                    answers.Add(WithdrawnDeliveries.Of(settled));
                await Parallel.ForEachAsync(
                    page.Where(one => one.MayBeSent),
                    new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken },
                    async (one, _) => answers.Add(await CallOff(withdrawal, one, inputId, cancellationToken))
                );
            },
            cancellationToken
        );
        return answers.Aggregate(new WithdrawnDeliveries(0, 0, 0), (all, one) => all + one) with { IsComplete = isComplete };
    }

    /// <summary>Finds those that a withdrawal would be about, and changes nothing.</summary>
    /// <returns>How many there are, by the machine's state.</returns>
    public async Task<(IReadOnlyDictionary<string, int> ByState, bool IsComplete)> Preview(
        Withdrawal withdrawal,
        int most,
        CancellationToken cancellationToken
    )
    {
        var found = new SortedDictionary<string, int>(StringComparer.Ordinal);
        var isComplete = await LookThrough(
            withdrawal,
            most,
            page =>
            {
                foreach (var one in page)
                    found[one.State] = found.GetValueOrDefault(one.State) + 1;
                return Task.CompletedTask;
            },
            cancellationToken
        );
        return (found, isComplete);
    }

    async Task<bool> LookThrough(
        Withdrawal withdrawal,
        int most,
        Func<IReadOnlyList<NotificationWithKey>, Task> look,
        CancellationToken cancellationToken
    )
    {
        NotificationCursor? after = null;
        for (var left = most; left > 0; left -= PageSize)
        {
            var page = await record.Find(withdrawal, after, PageSize, cancellationToken);
            await look(page);
            if (page.Count < PageSize)
                return true;

            after = new NotificationCursor(page[^1].CreatedAt, page[^1].Id);
        }

        return false;
    }

    async Task<WithdrawnDeliveries> CallOff(
        Withdrawal withdrawal,
        NotificationWithKey found,
        Guid inputId,
        CancellationToken cancellationToken
    )
    {
        if (await store.Load(found.Id, cancellationToken) is not { } notification)
            return WithdrawnDeliveries.Of(found);

        var calledOff = await cancellations.CallOffWhatMayBeSent(
            notification,
            withdrawal.Reason,
            DeterministicId.From("deliveries-withdrawn", $"{inputId:N}", $"{notification.CorrelationId:N}"),
            cancellationToken
        );
        if (notification.CompletedAt is not null)
            return WithdrawnDeliveries.Of(notification.Deliveries.Select(delivery => new DeliveryStanding(delivery.Status, delivery.Code)));

        return calledOff
            .Where(one => !one.Delivery.IsSettled())
            .Select(WithdrawnDeliveries.Of)
            .Aggregate(
                WithdrawnDeliveries.Of(
                    notification
                        .Deliveries.Where(NotificationProgressReader.IsSettled)
                        .Select(delivery => new DeliveryStanding(delivery.Status, delivery.Code))
                ),
                (all, one) => all + one
            );
    }
}

/// <summary>
/// What became of the deliveries of notifications that were withdrawn. Each is one of these, or was neither sent nor to be.
/// </summary>
/// <param name="Withdrawn">No provider has them, and none will get them.</param>
/// <param name="Sent">A provider had taken them.</param>
/// <param name="InDoubt">A provider is being called for them at this moment, or may have them; they are not sent again.</param>
public sealed record WithdrawnDeliveries(long Withdrawn, long Sent, long InDoubt)
{
    /// <summary>False when there were more notifications than were looked at.</summary>
    public bool IsComplete { get; init; } = true;

    /// <summary>Adds up.</summary>
    public static WithdrawnDeliveries operator +(WithdrawnDeliveries one, WithdrawnDeliveries other) =>
        new(one.Withdrawn + other.Withdrawn, one.Sent + other.Sent, one.InDoubt + other.InDoubt);

    internal static WithdrawnDeliveries Of(NotificationWithKey notification) => Of(notification.Deliveries);

    internal static WithdrawnDeliveries Of(IEnumerable<DeliveryStanding> deliveries)
    {
        var (withdrawn, sent, inDoubt) = (0, 0, 0);
        foreach (var (status, code) in deliveries)
        {
            if (status is DeliveryStatus.Sent or DeliveryStatus.Confirmed || code == ReasonCode.Bounced)
                sent++;
            else if (status == DeliveryStatus.Held)
                inDoubt++;
            else if (code == ReasonCode.Withdrawn)
                withdrawn++;
        }

        return new WithdrawnDeliveries(withdrawn, sent, inDoubt);
    }

    /// <summary>Reads it off the ledger.</summary>
    internal static WithdrawnDeliveries Of(CalledOff delivery) =>
        delivery.Attempts.Any(attempt => attempt.Status == AttemptStatus.Accepted) ? new(0, 1, 0)
        : delivery.Delivery.Status == DeliveryStatus.Held
        || delivery.Attempts.Any(attempt => attempt.MayHaveBeenSent || attempt.Status == AttemptStatus.Started)
            ? new(0, 0, 1)
        : new(1, 0, 0);
}
