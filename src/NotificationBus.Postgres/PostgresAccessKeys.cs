using System.Text.Json;
using NotificationBus.Access;
using NotificationBus.Providers.Controls;
using Npgsql;

namespace NotificationBus.Postgres;

/// <summary>
/// The keys, in PostgreSQL. Every change and its reason are one transaction, and hosts are notified of it as of every other change of an
/// operator's.
/// </summary>
public sealed class PostgresAccessKeys(NpgsqlDataSource database) : IAccessKeys
{
    const string Columns =
        "id, application, name, scopes, hash, earlier_hash, earlier_until, created_at, rotated_at, revoked_at, last_used_at";

    /// <inheritdoc />
    public async Task<IReadOnlyList<AccessKey>> Load(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"SELECT {Columns} FROM access_key ORDER BY created_at, id");
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var keys = new List<AccessKey>();
        while (await reader.ReadAsync(cancellationToken))
            keys.Add(Read(reader));

        return keys;
    }

    /// <inheritdoc />
    public async Task<bool> Add(AccessKey key, ChangedBy by, CancellationToken cancellationToken) =>
        await Change(
            $"""
            INSERT INTO access_key (id, application, name, scopes, hash) VALUES (@id, @application, @name, @scopes, @hash)
            ON CONFLICT (id) DO NOTHING RETURNING {Columns}
            """,
            by,
            KeyChange.Made(key),
            cancellationToken,
            new NpgsqlParameter<string>("id", key.Id),
            new NpgsqlParameter<string>("application", key.Application),
            new NpgsqlParameter<string>("name", key.Name),
            new NpgsqlParameter<string[]>("scopes", [.. key.Scopes.Select(scope => scope.Spell())]),
            new NpgsqlParameter<byte[]>("hash", key.Hash)
        )
            is not null;

    /// <inheritdoc />
    public Task<AccessKey?> Rotate(string id, byte[] hash, TimeSpan grace, ChangedBy by, CancellationToken cancellationToken) =>
        Change(
            $"""
            UPDATE access_key SET hash = @hash, rotated_at = now(),
                earlier_hash = CASE WHEN @grace > interval '0' THEN hash END,
                earlier_until = CASE WHEN @grace > interval '0' THEN now() + @grace END
            WHERE id = @id AND revoked_at IS NULL RETURNING {Columns}
            """,
            by,
            KeyChange.Rotated(grace),
            cancellationToken,
            new NpgsqlParameter<string>("id", id),
            new NpgsqlParameter<byte[]>("hash", hash),
            new NpgsqlParameter<TimeSpan>("grace", grace)
        );

    /// <inheritdoc />
    public async Task<AccessKey?> Revoke(string id, ChangedBy by, CancellationToken cancellationToken) =>
        await Change(
            $"UPDATE access_key SET revoked_at = now() WHERE id = @id AND revoked_at IS NULL RETURNING {Columns}",
            by,
            KeyChange.Revoked,
            cancellationToken,
            new NpgsqlParameter<string>("id", id)
        ) ?? (await Load(cancellationToken)).FirstOrDefault(key => key.Id == id);

    /// <inheritdoc />
    public Task NoteUse(IReadOnlyDictionary<string, DateTimeOffset> uses, CancellationToken cancellationToken)
    {
        var rows = uses.ToList();
        var command = new NpgsqlBatchCommand(
            """
            UPDATE access_key k SET last_used_at = u.at FROM unnest(@id, @at) AS u (id, at)
            WHERE k.id = u.id AND (k.last_used_at IS NULL OR k.last_used_at < u.at)
            """
        );
        command.Parameters.Add("id", rows, row => row.Key);
        command.Parameters.Add("at", rows, row => row.Value);
        return database.Write(command, cancellationToken);
    }

    /// <summary>Makes a change that returns the key, notes it, and tells the hosts; when it changes nothing, none of it.</summary>
    Task<AccessKey?> Change(
        string sql,
        ChangedBy by,
        JsonElement what,
        CancellationToken cancellationToken,
        params NpgsqlParameter[] parameters
    ) =>
        database.Commit(
            async connection =>
            {
                AccessKey? key;
                await using (var command = new NpgsqlCommand(sql, connection))
                {
                    command.Parameters.AddRange(parameters);
                    Storable.MakeAll(command.Parameters);
                    await using var reader = await command.ExecuteReaderAsync(cancellationToken);
                    key = await reader.ReadAsync(cancellationToken) ? Read(reader) : null;
                }

                if (key is null)
                    return null;

                await PostgresControls.Note(connection, key.Holder, by, "null", what.GetRawText(), cancellationToken);
                await using var notify = new NpgsqlCommand($"NOTIFY {PostgresControls.Changed}", connection);
                await notify.ExecuteNonQueryAsync(cancellationToken);
                return key;
            },
            cancellationToken
        );

    static AccessKey Read(NpgsqlDataReader reader)
    {
        // What a later version may have written opens nothing here.
        ScopeWords.Read(reader.GetFieldValue<string[]>(3).Where(ScopeWords.All.Contains), out var scopes);
        return new AccessKey
        {
            Id = reader.GetString(0),
            Application = reader.GetString(1),
            Name = reader.GetString(2),
            Scopes = scopes,
            Hash = reader.GetFieldValue<byte[]>(4),
            EarlierHash = reader.IsDBNull(5) ? null : reader.GetFieldValue<byte[]>(5),
            EarlierUntil = Time(6),
            CreatedAt = reader.GetFieldValue<DateTimeOffset>(7),
            RotatedAt = Time(8),
            RevokedAt = Time(9),
            LastUsedAt = Time(10),
        };

        DateTimeOffset? Time(int column) => reader.IsDBNull(column) ? null : reader.GetFieldValue<DateTimeOffset>(column);
    }
}
