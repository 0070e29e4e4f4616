using NotificationBus.Contents;
using NotificationBus.Telemetry;
using Npgsql;

namespace NotificationBus.Postgres;

/// <summary>The contents on record, by month. What concurrent deliveries ask is gathered into one round trip.</summary>
public sealed class PostgresContents : IContentStore
{
    // The same may be there for several days. As many lines as are asked for, whatever the server knows of the table.
    const string Select = """
        SELECT c.hash, c.key_id, c.body FROM unnest(@hash) AS asked (hash)
        CROSS JOIN LATERAL (SELECT * FROM content WHERE hash = asked.hash LIMIT 1) AS c
        """;

    const string Insert = """
        INSERT INTO content (hash, day, key_id, body)
        SELECT hash, (now() AT TIME ZONE 'UTC')::date, key_id, body FROM unnest(@hash, @key, @body) AS c (hash, key_id, body) ORDER BY hash
        ON CONFLICT (hash, day) DO NOTHING
        """;

    readonly GroupCommit.Kind<Guid, PackedContents?> _reads;
    readonly GroupCommit.Kind<PackedContents, bool> _writes;

    /// <summary>Keeps contents in that database.</summary>
    /// <param name="database">The database.</param>
    /// <param name="metrics">Told how many contents share a commit.</param>
    public PostgresContents(NpgsqlDataSource database, FlowMetrics metrics)
    {
        var commits = new GroupCommit(database, rows => metrics.Batched("contents", rows));
        _reads = commits.Add<Guid, PackedContents?>(hash => hash, Read, ReadFound);
        _writes = commits.Add<PackedContents, bool>(
            contents => contents.Hash,
            Write,
            _ => Task.FromResult<Func<PackedContents, bool>>(_ => true)
        );
    }

    /// <inheritdoc />
    public Task<PackedContents?> Find(Guid notificationId, Guid hash, CancellationToken cancellationToken) =>
        _reads.Run(hash, cancellationToken);

    /// <inheritdoc />
    public Task Keep(Guid notificationId, PackedContents contents, CancellationToken cancellationToken) =>
        _writes.Run(contents, cancellationToken);

    static NpgsqlBatchCommand Read(IReadOnlyList<Guid> hashes)
    {
        var command = new NpgsqlBatchCommand(Select);
        command.Parameters.Add("hash", hashes, hash => hash);
        return command;
    }

    static async Task<Func<Guid, PackedContents?>> ReadFound(NpgsqlDataReader reader)
    {
        var found = new Dictionary<Guid, PackedContents>();
        while (await reader.ReadAsync())
        {
            var hash = reader.GetGuid(0);
            found[hash] = new PackedContents(hash, reader.IsDBNull(1) ? null : reader.GetString(1), reader.GetFieldValue<byte[]>(2));
        }

        return hash => found.GetValueOrDefault(hash);
    }

    static NpgsqlBatchCommand Write(IReadOnlyList<PackedContents> contents)
    {
        var command = new NpgsqlBatchCommand(Insert);
        command.Parameters.Add("hash", contents, one => one.Hash);
        command.Parameters.Add("key", contents, one => one.KeyId);
        command.Parameters.Add("body", contents, one => one.Body);
        return command;
    }
}
