using NotificationBus.Messaging;
using Npgsql;

namespace NotificationBus.Postgres;

/// <summary>
/// Gathers what concurrent messages ask into one round trip and one commit: one statement for each kind of row there is, with all rows of
/// that kind. Kinds go in the order they were added in, on every host, and rows in that of their keys: two hosts cannot wait for each
/// other.
/// </summary>
sealed class GroupCommit
{
    // A row that somebody holds, such as an operator in an open transaction, would keep away all that share its batch, and then the next.
    const string LimitWaitingForRows = "set_config('lock_timeout', '2s', true)";

    readonly NpgsqlDataSource _database;
    readonly Batcher<Entry> _batches;
    int _kinds;

    /// <summary>Commits to that database.</summary>
    /// <param name="database">The database.</param>
    /// <param name="sized">Told how many rows each batch has.</param>
    public GroupCommit(NpgsqlDataSource database, Action<int> sized)
    {
        _database = database;
        _batches = new Batcher<Entry>(entry => entry.Key, Execute, MayConcernOne, sized: sized);
    }

    /// <summary>Makes the statement that writes many rows.</summary>
    /// <param name="rows">The rows, in the order of their keys.</param>
    public delegate NpgsqlBatchCommand Writing<in TRow>(IReadOnlyList<TRow> rows);

    /// <summary>Reads what a statement returns, and gives the answer of each row.</summary>
    public delegate Task<Func<TRow, TAnswer>> Reading<TRow, TAnswer>(NpgsqlDataReader reader);

    /// <summary>Adds a kind of row.</summary>
    /// <param name="key">The row. Two with the same key never share a batch, and the later one waits for the earlier.</param>
    /// <param name="write">Makes the statement for many rows.</param>
    /// <param name="read">Reads what it returns.</param>
    /// <param name="first">What is called, in SQL, before any statement of a batch with it; null for nothing.</param>
    public Kind<TRow, TAnswer> Add<TRow, TAnswer>(
        Func<TRow, Guid> key,
        Writing<TRow> write,
        Reading<TRow, TAnswer> read,
        string? first = null
    ) => new(this, _kinds++, key, write, read) { First = first };

    /// <summary>
    /// Adds what makes sure that all that was committed before is on the standby too, whoever did so. A batch for it costs as much as any
    /// other.
    /// </summary>
    public Kind<Guid, bool> AddConfirmation() =>
        Add<Guid, bool>(
            asked => asked,
            _ => new NpgsqlBatchCommand(RecordConnection.WaitForStandby),
            _ => Task.FromResult<Func<Guid, bool>>(_ => true)
        );

    /// <summary>
    /// A database that is away, or may not be written, concerns all rows; whatever else fails, or waits for a lock, may be the fault of
    /// one.
    /// </summary>
    public static bool MayConcernOne(Exception failure) =>
        failure switch
        {
            PostgresException { SqlState: PostgresErrorCodes.LockNotAvailable } => true,
            PostgresException { SqlState: PostgresErrorCodes.ReadOnlySqlTransaction or PostgresErrorCodes.InsufficientPrivilege } => false,
            _ => failure is not NpgsqlException { IsTransient: true },
        };

    async Task Execute(IReadOnlyList<Entry> entries)
    {
        var kinds = entries
            .GroupBy(entry => entry.Statement)
            .OrderBy(kind => kind.Key.Number)
            .Select(kind => (Statement: kind.Key, Entries: kind.ToList()))
            .ToList();
        await using var connection = await RecordConnection.Open(_database);
        await connection.Run(async inner =>
        {
            await Execute(inner, kinds);
            await connection.Confirm();
            return true;
        });
    }

    static async Task Execute(NpgsqlConnection connection, IReadOnlyList<(IStatement Statement, List<Entry> Entries)> kinds)
    {
        await using var batch = connection.CreateBatch();
        var first = kinds.Select(kind => kind.Statement.First).OfType<string>().Prepend(LimitWaitingForRows);
        batch.BatchCommands.Add(new NpgsqlBatchCommand($"SELECT {string.Join(", ", first)}"));
        foreach (var (statement, rows) in kinds)
        {
            var command = statement.Write(rows);
            Storable.MakeAll(command.Parameters);
            batch.BatchCommands.Add(command);
        }

        try
        {
            await using var reader = await batch.ExecuteReaderAsync();
            foreach (var (statement, rows) in kinds)
            {
                await reader.NextResultAsync();
                await statement.Read(reader, rows);
            }

            // What fails at the commit is told here.
            await reader.NextResultAsync();
        }
        catch (NpgsqlException)
        {
            ForgetPrepared(connection);
            throw;
        }
    }

    /// <summary>
    /// A statement that Npgsql was preparing when PostgreSQL refused its values, or was told to stop, counts as prepared, but nobody knows
    /// what it returns: its next use would fail, whoever's that is. Npgsql offers this only blocking, and few batches fail.
    /// </summary>
    static void ForgetPrepared(NpgsqlConnection connection)
    {
        try
        {
            connection.UnprepareAll();
        }
        catch (Exception)
        {
            // Most likely the connection is gone, and what was prepared with it. What failed before is what matters.
        }
    }

    /// <summary>One kind of row, and the statement for it.</summary>
    public sealed class Kind<TRow, TAnswer>(
        GroupCommit commits,
        int number,
        Func<TRow, Guid> key,
        Writing<TRow> write,
        Reading<TRow, TAnswer> read
    ) : IStatement
    {
        /// <inheritdoc />
        public string? First { get; init; }

        int IStatement.Number => number;

        /// <summary>Takes a row along with those that are waiting.</summary>
        /// <param name="row">The row.</param>
        /// <param name="cancellationToken">Stops waiting. What was sent is not taken back.</param>
        public async Task<TAnswer> Run(TRow row, CancellationToken cancellationToken)
        {
            var entry = new Entry<TRow, TAnswer>(this, key(row), row);
            await commits._batches.Run(entry, cancellationToken);
            return entry.Answer!;
        }

        NpgsqlBatchCommand IStatement.Write(IReadOnlyList<Entry> entries) =>
            write([.. entries.Cast<Entry<TRow, TAnswer>>().Select(entry => entry.Row)]);

        async Task IStatement.Read(NpgsqlDataReader reader, IReadOnlyList<Entry> entries)
        {
            var answer = await read(reader);
            foreach (var entry in entries.Cast<Entry<TRow, TAnswer>>())
                entry.Answer = answer(entry.Row);
        }
    }

    interface IStatement
    {
        int Number { get; }

        /// <summary>What is called before any statement of a batch with it.</summary>
        string? First { get; }

        NpgsqlBatchCommand Write(IReadOnlyList<Entry> entries);

        Task Read(NpgsqlDataReader reader, IReadOnlyList<Entry> entries);
    }

    abstract class Entry(IStatement statement, Guid key)
    {
        public IStatement Statement => statement;

        public Guid Key => key;
    }

    sealed class Entry<TRow, TAnswer>(IStatement statement, Guid key, TRow row) : Entry(statement, key)
    {
        public TRow Row => row;

        public TAnswer? Answer { get; set; }
    }
}
