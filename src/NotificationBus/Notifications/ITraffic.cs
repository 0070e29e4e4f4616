namespace NotificationBus.Notifications;

/// <summary>Counts of deliveries, for people who look how it goes.</summary>
public interface ITraffic
{
    /// <summary>Counts the deliveries of the notifications that began in a time, by channel and account.</summary>
    /// <param name="from">The first moment.</param>
    /// <param name="to">The moment before which it ends.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Null when that would have taken longer than people like to wait.</returns>
    Task<IReadOnlyList<TrafficCount>?> Count(DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken);
}

/// <summary>The deliveries of a channel and an account.</summary>
/// <param name="Channel">The channel.</param>
/// <param name="Account">The account that took them, or was asked last; null for those that no account was asked for yet.</param>
/// <param name="Accepted">All: each planned delivery of a notification that was accepted then.</param>
/// <param name="Sent">Those that a provider took, confirmed or not.</param>
/// <param name="Confirmed">Those of them that have arrived, as the provider says.</param>
/// <param name="Failed">Those that have failed or expired.</param>
/// <param name="Waiting">Those that are not settled: planned, on their way, or held.</param>
public sealed record TrafficCount(string Channel, string? Account, long Accepted, long Sent, long Confirmed, long Failed, long Waiting)
{
    /// <summary>Adds counts up, by channel and account.</summary>
    public static IReadOnlyList<TrafficCount> Sum(IEnumerable<TrafficCount> counts) =>
        [
            .. counts
                .GroupBy(count => (count.Channel, count.Account))
                .OrderBy(group => group.Key.Channel, StringComparer.Ordinal)
                .ThenBy(group => group.Key.Account, StringComparer.Ordinal)
                .Select(group => new TrafficCount(
                    group.Key.Channel,
                    group.Key.Account,
                    group.Sum(count => count.Accepted),
                    group.Sum(count => count.Sent),
                    group.Sum(count => count.Confirmed),
                    group.Sum(count => count.Failed),
                    group.Sum(count => count.Waiting)
                )),
        ];
}
