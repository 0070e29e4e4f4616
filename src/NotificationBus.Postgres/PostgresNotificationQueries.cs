using Microsoft.EntityFrameworkCore;

using NotificationBus.Notifications;

using Npgsql;

namespace NotificationBus.Postgres;

/// <summary>Operators' questions to the record.</summary>
public sealed class PostgresNotificationQueries(
    NpgsqlDataSource database,
    PostgresNotificationStore store,
    PostgresAttemptLedger ledger,
    IDbContextFactory<NotificationBusDbContext> contexts) : INotificationQueries
{
    /// <inheritdoc />
    public async Task<NotificationView?> Find(Guid id, CancellationToken cancellationToken)
    {
        if (await store.Load(id, cancellationToken) is not { } notification)
            return null;

        var attempts = await ledger.AttemptsOf([.. notification.Deliveries.Select(delivery => delivery.Id)], cancellationToken);
        return NotificationView.Of(notification, attempts);
    }

    /// <inheritdoc />
    public async Task<IReadOnlySet<Guid>> Concluded(IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("SELECT id FROM notification WHERE id = ANY(@ids) AND completed_at IS NOT NULL");
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
        var found = context.Notifications.AsNoTracking();
        if (filter.Status is { } status)
            found = found.Where(notification => notification.Status == status);
        if (filter.Recipient is { } recipient)
            found = found.Where(notification => notification.Recipient == recipient);
        if (filter.Category is { } category)
            found = found.Where(notification => notification.Category == category);
        if (filter.After is { } after)
        {
            // As a row comparison, so that the index on both columns finds the page.
            found = found.Where(notification => EF.Functions.LessThan(
                ValueTuple.Create(notification.CreatedAt, notification.Id), ValueTuple.Create(after.CreatedAt, after.Id)));
        }

        return await found
            .OrderByDescending(notification => notification.CreatedAt).ThenByDescending(notification => notification.Id)
            .Take(filter.Limit)
            .ToListAsync(cancellationToken);
    }
}
