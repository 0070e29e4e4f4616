using Microsoft.EntityFrameworkCore;
using NotificationBus.Notifications;
using Npgsql;

namespace NotificationBus.Postgres;

/// <summary>Operators' questions to the record.</summary>
public sealed class PostgresNotificationQueries(
    NpgsqlDataSource database,
    PostgresNotificationStore store,
    PostgresAttemptLedger ledger,
    IDbContextFactory<NotificationBusDbContext> contexts
) : INotificationQueries
{
    // With an offset the server looks for each by itself: how few they are it does not know.
    const string HeldNotifications = """
        SELECT n.* FROM held_notification h
        CROSS JOIN LATERAL (SELECT * FROM notification_overview WHERE created_at = h.created_at AND id = h.id OFFSET 0) AS n
        """;

    /// <inheritdoc />
    public async Task<NotificationView?> Find(Guid id, CancellationToken cancellationToken)
    {
        if (await store.Load(id, cancellationToken) is not { } notification)
            return null;

        var attempts = await ledger.AttemptsOf(id, [.. notification.Deliveries.Select(delivery => delivery.Id)], cancellationToken);
        return NotificationView.Of(
            notification,
            attempts,
            notification.CompletedAt is null ? await PostgresOutgoingMessages.WaitingOf(database, id, cancellationToken) : []
        );
    }

    /// <inheritdoc />
    public async Task<IReadOnlyList<SagaStep>?> StepsOf(Guid id, CancellationToken cancellationToken)
    {
        // What is made after the steps are read is not told, so they are read last.
        if (await store.Load(id, cancellationToken) is not { } notification)
            return null;

        return SagaHistory.Of(notification, await KeptSteps.Of(database, id, cancellationToken));
    }

    /// <inheritdoc />
    public async Task<IReadOnlySet<Guid>> Concluded(IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            """
            SELECT n.id FROM notification_key k JOIN notification n ON n.created_at = k.created_at AND n.id = k.id
            WHERE k.id = ANY(@ids) AND n.completed_at IS NOT NULL
            """
        );
        command.Parameters.Add(new NpgsqlParameter<Guid[]>("ids", [.. ids]));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);

        var concluded = new HashSet<Guid>();
        while (await reader.ReadAsync(cancellationToken))
            concluded.Add(reader.GetGuid(0));
        return concluded;
    }

    /// <inheritdoc />
    public async Task<IReadOnlyList<NotificationSummary>> Search(NotificationFilter filter, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        return await Matching(context, filter).ToListAsync(cancellationToken);
    }

    /// <summary>The query that <see cref="Search"/> makes of a filter.</summary>
    internal static IQueryable<NotificationSummary> Matching(NotificationBusDbContext context, NotificationFilter filter)
    {
        var found = (filter.Status == "held" ? context.Notifications.FromSqlRaw(HeldNotifications) : context.Notifications).AsNoTracking();
        if (filter.Status is { } status)
            found = found.Where(notification => notification.Status == status);
        if (filter.Recipient is { } recipient)
            found = found.Where(notification => notification.Recipient == recipient);
        if (filter.Category is { } category)
            found = found.Where(notification => notification.Category == category);
        if (filter.After is { } after)
        {
            // As a row comparison, so that the index on both columns finds the page.
            found = found.Where(notification =>
                EF.Functions.LessThan(
                    ValueTuple.Create(notification.CreatedAt, notification.Id),
                    ValueTuple.Create(after.CreatedAt, after.Id)
                )
            );
        }

        return found
            .OrderByDescending(notification => notification.CreatedAt)
            .ThenByDescending(notification => notification.Id)
            .Take(filter.Limit);
    }
}
