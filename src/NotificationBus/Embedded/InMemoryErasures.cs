using NotificationBus.Erasures;
using NotificationBus.Notifications;
using NotificationBus.Providers.Controls;
using NotificationBus.Sending;

namespace NotificationBus.Embedded;

/// <summary>The record of a person who is to be erased, in memory.</summary>
public sealed class InMemoryErasures(
    InMemoryNotificationStore store,
    InMemoryAttemptLedger ledger,
    InMemoryOutgoingMessages outgoing,
    InMemorySubscriptions subscriptions,
    InMemoryFailedMessages failed,
    InMemoryControls controls,
    InMemoryRepairs repairs
) : IErasures
{
    /// <inheritdoc />
    public Task<ErasureKey> Key(CancellationToken cancellationToken) => Task.FromResult(ledger.Key);

    /// <inheritdoc />
    public Task<FoundOfPerson> Find(ErasedPerson person, NotificationCursor? after, int limit, CancellationToken cancellationToken)
    {
        var found = store
            .Of(person)
            .OrderBy(one => (one.CreatedAt, one.CorrelationId))
            .Where(one => after is null || (one.CreatedAt, one.CorrelationId).CompareTo((after.CreatedAt, after.Id)) > 0)
            .Take(limit)
            .ToList();
        return Task.FromResult(
            new FoundOfPerson(found, found.Count < limit ? null : new NotificationCursor(found[^1].CreatedAt, found[^1].CorrelationId))
        );
    }

    /// <inheritdoc />
    public Task<ErasedRows> Count(IReadOnlyList<ErasedNotification> notifications, CancellationToken cancellationToken) =>
        Task.FromResult(
            new ErasedRows(
                notifications.Select(one => one.Before.CorrelationId).ToHashSet(),
                notifications.Sum(one => store.ContentsOf(one.Before.CorrelationId)),
                notifications.Sum(one => subscriptions.Rewrite(one.Before.CorrelationId, tell: null))
            )
        );

    /// <inheritdoc />
    public Task<ErasedRows> Erase(IReadOnlyList<ErasedNotification> notifications, CancellationToken cancellationToken)
    {
        var erased = new HashSet<Guid>();
        var (contents, bodies) = (0, 0);
        foreach (var (before, after) in notifications)
        {
            var id = before.CorrelationId;
            var kept = store.ContentsOf(id);
            if (!store.Erase(after, controls.Now))
                continue;

            erased.Add(id);
            contents += kept;
            bodies += subscriptions.Rewrite(id, data => Erased.Told(data, after.Recipient.Id));
            ledger.Erase(id);
            outgoing.ForgetCommandsOf(id);
        }

        return Task.FromResult(new ErasedRows(erased, contents, bodies));
    }

    /// <inheritdoc />
    public Task<ErasedTraces> Erase(TracesOfPerson traces, bool apply, CancellationToken cancellationToken)
    {
        var names = traces.Recipients.ToDictionary(
            one => one,
            one => traces.Key.OfRecipient(traces.Application, one),
            StringComparer.Ordinal
        );
        return Task.FromResult(
            new ErasedTraces(
                ledger.EraseSuppressions(traces.Addresses, apply),
                failed.Erase(new PersonInMessages(traces), apply),
                controls.Rewrite(WithoutAddress, apply) + repairs.RewriteRecipients(traces.Application, names, apply)
            )
        );

        ControlChange? WithoutAddress(ControlChange change)
        {
            if (!change.Subject.StartsWith("suppression ", StringComparison.Ordinal))
                return null;

            foreach (var what in (string[])["added", "removed"])
            {
                if (
                    change.After.TryGetProperty(what, out var written)
                    && written.GetString() is { } address
                    && traces.Addresses.Contains(address)
                )
                    return change with
                    {
                        After = Suppression.Change(
                            what,
                            traces.Key.OfAddress(address),
                            change.After.TryGetProperty("category", out var category) ? category.GetString() : null
                        ),
                    };
            }

            return null;
        }
    }
}
