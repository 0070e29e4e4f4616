using NotificationBus.Failures;
using Npgsql;

namespace NotificationBus.Postgres;

/// <summary>Poison messages in PostgreSQL, shared by all hosts: the message may end each of them.</summary>
public sealed class PostgresPoisonMessages(NpgsqlDataSource database) : IPoisonMessages
{
    /// <inheritdoc />
    public async Task<int> Deaths(Guid messageId, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("SELECT times FROM suspect_message WHERE id = @id");
        command.Parameters.Add(new NpgsqlParameter<Guid>("id", messageId));
        return await command.ExecuteScalarAsync(cancellationToken) is int times ? times : 0;
    }

    /// <inheritdoc />
    public async Task<int> Begin(Guid messageId, CancellationToken cancellationToken)
    {
        var command = new NpgsqlBatchCommand(
            """
            INSERT INTO suspect_message AS known (id) VALUES (@id)
            ON CONFLICT (id) DO UPDATE SET times = known.times + 1, begun_at = now()
            RETURNING times - 1
            """
        );
        command.Parameters.Add(new NpgsqlParameter<Guid>("id", messageId));
        return (int)(await database.Write(command, cancellationToken))!;
    }

    /// <inheritdoc />
    /// <remarks>Forgets those too that never came back, or were never ended because the database was away.</remarks>
    public async Task End(Guid messageId, CancellationToken cancellationToken)
    {
        var command = new NpgsqlBatchCommand("DELETE FROM suspect_message WHERE id = @id OR begun_at < now() - interval '1 day'");
        command.Parameters.Add(new NpgsqlParameter<Guid>("id", messageId));
        await database.Write(command, cancellationToken);
    }
}
