using Microsoft.Extensions.DependencyInjection;
using NotificationBus.Sending;
using Npgsql;

namespace NotificationBus.Postgres;

/// <summary>Caught deliveries in PostgreSQL, by the connections of operators: what is looked at takes nothing from what is sent.</summary>
sealed class PostgresCaughtDeliveries([FromKeyedServices(PostgresSetup.Operators)] NpgsqlDataSource database) : ICaughtDeliveries
{
    // Whoever adds holds it until its commit is seen: so numbers are seen in their order, and a reader passes none over.
    const string InTurn = "SELECT pg_advisory_xact_lock(2026112960)";

    /// <inheritdoc />
    public async Task<bool> AreWanted(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("SELECT EXISTS (SELECT FROM inbox WHERE read_at > now() - interval '30 seconds')");
        return (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <inheritdoc />
    public async Task Add(IReadOnlyList<CaughtText> caught, int most, CancellationToken cancellationToken)
    {
        await using var batch = database.CreateBatch();
        batch.BatchCommands.Add(new NpgsqlBatchCommand(InTurn));
        batch.BatchCommands.Add(
            new NpgsqlBatchCommand(
                """
                INSERT INTO caught_delivery (at, delivery)
                SELECT at, delivery FROM unnest(@at, @delivery) WITH ORDINALITY AS caught (at, delivery, place) ORDER BY place
                """
            )
            {
                Parameters =
                {
                    new NpgsqlParameter<DateTimeOffset[]>("at", [.. caught.Select(one => one.At.ToUniversalTime())]),
                    new NpgsqlParameter<string[]>("delivery", [.. caught.Select(one => one.Text)]),
                },
            }
        );
        batch.BatchCommands.Add(
            new NpgsqlBatchCommand("DELETE FROM caught_delivery WHERE number <= (SELECT max(number) FROM caught_delivery) - @most")
            {
                Parameters = { new NpgsqlParameter<int>("most", most) },
            }
        );
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <inheritdoc />
    public async Task<(Guid Edition, IReadOnlyList<NumberedText> Added)> After(long number, CancellationToken cancellationToken)
    {
        await using var batch = database.CreateBatch();
        batch.BatchCommands.Add(
            new NpgsqlBatchCommand(
                """
                INSERT INTO inbox DEFAULT VALUES ON CONFLICT (single) DO UPDATE SET read_at = now()
                    WHERE inbox.read_at < now() - interval '5 seconds'
                """
            )
        );
        batch.BatchCommands.Add(new NpgsqlBatchCommand("SELECT edition FROM inbox"));
        batch.BatchCommands.Add(
            new NpgsqlBatchCommand("SELECT number, at, delivery FROM caught_delivery WHERE number > @number ORDER BY number")
            {
                Parameters = { new NpgsqlParameter<long>("number", number) },
            }
        );

        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        var edition = reader.GetGuid(0);
        await reader.NextResultAsync(cancellationToken);
        var added = new List<NumberedText>();
        while (await reader.ReadAsync(cancellationToken))
            added.Add(
                new NumberedText(
                    reader.GetInt64(0),
                    new CaughtText(await reader.GetFieldValueAsync<DateTimeOffset>(1, cancellationToken), reader.GetString(2))
                )
            );

        return (edition, added);
    }

    /// <inheritdoc />
    public async Task<int> Forget(IReadOnlyCollection<Guid> notifications, bool apply, CancellationToken cancellationToken)
    {
        // What was caught last is written as it was by its channel, which is JSON.
        const string OfThese = "FROM caught_delivery WHERE (delivery::jsonb ->> 'notificationId')::uuid = ANY(@notifications)";
        await using var batch = database.CreateBatch();
        if (apply)
        {
            batch.BatchCommands.Add(new NpgsqlBatchCommand(InTurn));
            batch.BatchCommands.Add(
                new NpgsqlBatchCommand(
                    $"""
                    WITH gone AS (DELETE {OfThese} RETURNING 1),
                    begun AS (UPDATE inbox SET edition = gen_random_uuid() WHERE EXISTS (SELECT FROM gone))
                    SELECT count(*)::integer FROM gone
                    """
                )
            );
        }
        else
            batch.BatchCommands.Add(new NpgsqlBatchCommand($"SELECT count(*)::integer {OfThese}"));

        batch.BatchCommands[^1].Parameters.Add(new NpgsqlParameter<Guid[]>("notifications", [.. notifications]));
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        if (apply)
            await reader.NextResultAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return reader.GetInt32(0);
    }

    /// <inheritdoc />
    public async Task Clear(CancellationToken cancellationToken)
    {
        await using var batch = database.CreateBatch();
        foreach (
            var statement in (string[])
                [
                    InTurn,
                    "DELETE FROM caught_delivery",
                    "INSERT INTO inbox DEFAULT VALUES ON CONFLICT (single) DO UPDATE SET edition = gen_random_uuid()",
                ]
        )
            batch.BatchCommands.Add(new NpgsqlBatchCommand(statement));
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }
}
