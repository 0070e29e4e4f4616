using NotificationBus.Notifications;
using NotificationBus.Providers.Controls;

namespace NotificationBus.Repairs;

/// <summary>Plans repairs: finds what a search finds, judges each, and keeps the list.</summary>
public sealed class RepairPlanner(INotificationQueries queries, INotificationStore store, RepairJudgement judgement, IRepairs repairs)
{
    const int PageSize = 200;

    // As many as leave connections of the database to the others.
    const int AtOnce = 8;

    /// <summary>Plans a repair, and changes nothing else.</summary>
    /// <param name="filter">The conditions. Its place and limit say nothing.</param>
    /// <param name="conditions">The same as they are shown.</param>
    /// <param name="limit">The most notifications, the newest first: 1 to <see cref="Repair.MostItems"/>.</param>
    /// <param name="by">Who, and why.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The repair as it is on record.</returns>
    public async Task<Repair> Plan(
        NotificationFilter filter,
        IReadOnlyDictionary<string, string> conditions,
        int limit,
        ChangedBy by,
        CancellationToken cancellationToken
    )
    {
        var (found, isComplete) = await Find(filter, limit, cancellationToken);
        var items = new RepairItem[found.Count];
        await Parallel.ForEachAsync(
            Enumerable.Range(0, found.Count),
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken },
            async (index, cancellation) => items[index] = await Judge(found[index], cancellation)
        );
        var repair = new Repair
        {
            Id = Guid.CreateVersion7(),
            Application = filter.Application,
            Filter = conditions,
            IsComplete = isComplete,
            By = by,
        };
        // Not cancelled with the request: whoever hangs up finds it in the list.
        await repairs.Add(repair, items, CancellationToken.None);
        return (await repairs.Find(repair.Id, CancellationToken.None))!;
    }

    async Task<(IReadOnlyList<NotificationSummary> Found, bool IsComplete)> Find(
        NotificationFilter filter,
        int limit,
        CancellationToken cancellationToken
    )
    {
        // By id: one that begins while the pages are read moves those behind it, and must not be there twice.
        var found = new Dictionary<Guid, NotificationSummary>();
        NotificationCursor? after = null;
        do
        {
            var page = await queries.Search(filter with { After = after, Limit = PageSize }, cancellationToken);
            foreach (var one in page.Notifications)
            {
                if (found.Count == limit && !found.ContainsKey(one.Id))
                    return ([.. found.Values], false);

                found[one.Id] = one;
            }

            after = page.Next;
        } while (after is not null);
        return ([.. found.Values], true);
    }

    async Task<RepairItem> Judge(NotificationSummary found, CancellationToken cancellationToken) =>
        await store.Load(found.Id, cancellationToken) is { } notification
            ? await judgement.Judge(notification, cancellationToken)
            : RepairJudgement.LeaveOut(
                new RepairItem
                {
                    NotificationId = found.Id,
                    BeganAt = found.CreatedAt,
                    Category = found.Category,
                    Cause = RepairCause.None,
                },
                RepairExclusion.Gone
            );
}
