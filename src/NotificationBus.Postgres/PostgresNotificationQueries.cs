using Microsoft.EntityFrameworkCore;
using NotificationBus.Model;
using NotificationBus.Notifications;
using Npgsql;

namespace NotificationBus.Postgres;

/// <summary>Operators' questions to the record.</summary>
sealed class PostgresNotificationQueries(
    NpgsqlDataSource database,
    PostgresNotificationStore store,
    PostgresAttemptLedger ledger,
    PostgresReads reads,
    IDbContextFactory<NotificationBusDbContext> contexts
) : INotificationQueries
{
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
    public async Task<string?> ApplicationOf(Guid id, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            """
            SELECT n.application FROM notification_key k
            CROSS JOIN LATERAL (
                SELECT application FROM notification WHERE created_at = k.created_at AND id = k.id OFFSET 0) AS n
            WHERE k.id = @id
            """
        );
        command.Parameters.Add(new NpgsqlParameter<Guid>("id", id));
        return await command.ExecuteScalarAsync(cancellationToken) as string;
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
    public async Task<IReadOnlyDictionary<Guid, int>> Versions(IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken)
    {
        // With an offset the server looks for each by itself, also while a table is empty.
        await using var command = database.CreateCommand(
            """
            SELECT n.id, n.version FROM notification_key k
            CROSS JOIN LATERAL (
                SELECT id, version FROM notification WHERE created_at = k.created_at AND id = k.id OFFSET 0) AS n
            WHERE k.id = ANY(@ids)
            """
        );
        command.Parameters.Add(new NpgsqlParameter<Guid[]>("ids", [.. ids]));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);

        var versions = new Dictionary<Guid, int>();
        while (await reader.ReadAsync(cancellationToken))
            versions[reader.GetGuid(0)] = reader.GetInt32(1);
        return versions;
    }

    /// <inheritdoc />
    public async Task<IReadOnlyList<RecordedNotification>> Read(IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken)
    {
        // A step is stored with its row. So those that are read after the rows lack none that the rows know of.
        var rows = await Task.WhenAll(ids.Select(id => store.Load(id, cancellationToken)));
        var steps = await KeptSteps.OfMany(database, ids, cancellationToken);
        return [.. rows.OfType<NotificationState>().Select(row => new RecordedNotification(row, [.. steps[row.CorrelationId]]))];
    }

    /// <inheritdoc />
    public async Task<FoundNotifications> Search(NotificationFilter filter, CancellationToken cancellationToken)
    {
        if (filter.Reader is { } reader)
            return await reads.Read(
                reader == ListReader.Console,
                async database =>
                {
                    await using var aside = NotificationBusDbContext.Of(database);
                    return await new PostgresNotificationSearch(aside, filter).Run(cancellationToken);
                }
            );

        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        return await new PostgresNotificationSearch(context, filter).Run(cancellationToken);
    }
}
