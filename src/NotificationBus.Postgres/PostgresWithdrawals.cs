using NotificationBus.Model;
using NotificationBus.Notifications;
using NotificationBus.Telemetry;
using Npgsql;

namespace NotificationBus.Postgres;

/// <summary>The business keys that were withdrawn, in PostgreSQL.</summary>
public sealed class PostgresWithdrawals : IWithdrawals
{
    /// <summary>
    /// Part of the statement that begins notifications: those that are withdrawn, and why. With an offset the server looks for each by
    /// itself, also while the table is empty.
    /// </summary>
    internal const string OfThoseThatBegin = """
        withdrawn AS (
            SELECT DISTINCT ON (k.id) k.id, w.reason
            FROM unnest(@w_id, @w_reference, @w_category, @w_key, @w_begins) AS k (id, reference, category, key, begins)
            CROSS JOIN LATERAL (
                SELECT reason FROM withdrawal
                WHERE reference = k.reference AND category = k.category AND key = k.key AND before > k.begins OFFSET 0) AS w
            ORDER BY k.id)
        """;

    // Any number will do, as long as all hosts take the same.
    const long BeginningLock = 0x4E6F_7469_6677;

    /// <summary>
    /// Holds, until its transaction ends, what says that notifications begin in it. Nobody waits for it, and who wants to know looks who
    /// holds it. It is taken by a statement of its own: what comes after sees all that was committed before.
    /// </summary>
    internal static readonly string SayThatSomeBegin = $"pg_advisory_xact_lock_shared({BeginningLock})";

    /// <summary>Has no notification begin until its transaction ends, which takes no longer than a commit.</summary>
    internal static readonly string KeepFromBeginning = $"pg_advisory_xact_lock({BeginningLock})";

    static readonly string SelectThoseThatBegin = $"""
        SELECT DISTINCT virtualtransaction FROM pg_locks
        WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
            AND classid::bigint = {BeginningLock >> 32} AND objid::bigint = {BeginningLock & 0xFFFF_FFFF} AND objsubid = 1
        """;

    const string KeepWithdrawals = """
        INSERT INTO withdrawal (reference, category, key, before, reason)
        SELECT DISTINCT ON (reference, category, key) reference, category, key, before, reason
        FROM unnest(@reference, @category, @key, @before, @reason) AS w (reference, category, key, before, reason)
        ORDER BY reference, category, key, before DESC
        ON CONFLICT (reference, category, key) DO UPDATE SET before = excluded.before, reason = excluded.reason
        WHERE withdrawal.before < excluded.before
        """;

    const string SelectWithKey = """
        SELECT n.id, n.created_at, n.state, n.completed_at IS NOT NULL,
            ARRAY(SELECT d ->> 'status' FROM jsonb_array_elements(n.deliveries) WITH ORDINALITY AS x (d, place) ORDER BY place),
            ARRAY(SELECT d ->> 'code' FROM jsonb_array_elements(n.deliveries) WITH ORDINALITY AS x (d, place) ORDER BY place)
        FROM notification_reference r
        CROSS JOIN LATERAL (SELECT * FROM notification WHERE created_at = r.created_at AND id = r.id OFFSET 0) AS n
        WHERE r.reference = @reference AND r.created_at < @before AND (r.created_at, r.id) > (@after, @after_id)
            AND n.application = @application AND n.category = ANY(@categories) AND n.keys ->> @name = @value
        ORDER BY r.created_at, r.id
        LIMIT @limit
        """;

    static readonly DateTimeOffset BeginOfTime = new(1, 1, 2, 0, 0, 0, TimeSpan.Zero);

    // A batch of beginnings takes milliseconds.
    static readonly TimeSpan FirstLookAgain = TimeSpan.FromMilliseconds(2);
    static readonly TimeSpan LongestLookAgain = TimeSpan.FromMilliseconds(100);

    // Longer than a statement may wait for a row. What takes longer is an outage.
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    readonly NpgsqlDataSource _database;
    readonly TimeProvider _clock;
    readonly GroupCommit.Kind<Guid, IReadOnlySet<string>> _beginning;
    readonly GroupCommit.Kind<Withdrawal, bool> _withdrawals;

    /// <summary>Keeps them in that database.</summary>
    /// <param name="database">The database.</param>
    /// <param name="clock">Waits.</param>
    /// <param name="metrics">Told how many share a commit.</param>
    public PostgresWithdrawals(NpgsqlDataSource database, TimeProvider clock, FlowMetrics metrics)
    {
        _database = database;
        _clock = clock;
        var commits = new GroupCommit(database, rows => metrics.Batched("withdrawals", rows));
        _beginning = commits.Add<Guid, IReadOnlySet<string>>(
            asked => asked,
            _ => new NpgsqlBatchCommand(SelectThoseThatBegin),
            ReadTransactions
        );
        _withdrawals = commits.Add<Withdrawal, bool>(
            withdrawal => DeterministicId.From("withdrawal", withdrawal.RememberedKey),
            Keep,
            _ => Task.FromResult<Func<Withdrawal, bool>>(_ => true)
        );
    }

    /// <inheritdoc />
    public async Task Remember(Withdrawal withdrawal, CancellationToken cancellationToken)
    {
        await _withdrawals.Run(withdrawal, cancellationToken);
        // What begins from now on sees it. What was beginning may not, and is on record when it is over.
        var began = _clock.GetTimestamp();
        var wait = FirstLookAgain;
        var left = await Beginning();
        while (left.Count > 0)
        {
            if (_clock.GetElapsedTime(began) > Patience)
                throw new NpgsqlException("notifications that began before a withdrawal are not written yet", new TimeoutException());

            await Task.Delay(wait, _clock, cancellationToken);
            wait = wait * 2 < LongestLookAgain ? wait * 2 : LongestLookAgain;
            var now = await Beginning();
            left = left.Where(now.Contains).ToHashSet(StringComparer.Ordinal);
        }

        Task<IReadOnlySet<string>> Beginning() => _beginning.Run(Guid.CreateVersion7(), cancellationToken);
    }

    /// <inheritdoc />
    public async Task<IReadOnlyList<NotificationWithKey>> Find(
        Withdrawal withdrawal,
        NotificationCursor? after,
        int limit,
        CancellationToken cancellationToken
    )
    {
        await using var command = _database.CreateCommand(SelectWithKey);
        command.Parameters.Add(new NpgsqlParameter<long>("reference", withdrawal.Reference));
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset>("before", withdrawal.Before.ToUniversalTime()));
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset>("after", after?.CreatedAt.ToUniversalTime() ?? BeginOfTime));
        command.Parameters.Add(new NpgsqlParameter<Guid>("after_id", after?.Id ?? Guid.Empty));
        command.Parameters.Add(new NpgsqlParameter<string>("application", withdrawal.Application));
        command.Parameters.Add(new NpgsqlParameter<string[]>("categories", [.. withdrawal.Categories]));
        command.Parameters.Add(new NpgsqlParameter<string>("name", withdrawal.Name));
        command.Parameters.Add(new NpgsqlParameter<string>("value", withdrawal.Value));
        command.Parameters.Add(new NpgsqlParameter<int>("limit", limit));
        Storable.MakeAll(command.Parameters);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var found = new List<NotificationWithKey>();
        while (await reader.ReadAsync(cancellationToken))
            found.Add(
                new NotificationWithKey(
                    reader.GetGuid(0),
                    reader.GetFieldValue<DateTimeOffset>(1),
                    reader.GetString(2),
                    reader.GetBoolean(3),
                    [
                        .. reader
                            .GetFieldValue<string[]>(4)
                            .Zip(
                                reader.GetFieldValue<string?[]>(5),
                                (status, code) => new DeliveryStanding(Enum.Parse<DeliveryStatus>(status), code)
                            ),
                    ]
                )
            );

        return found;
    }

    /// <inheritdoc />
    public async Task<IReadOnlySet<Guid>> WouldBeWithdrawn(
        IReadOnlyList<NotificationState> notifications,
        CancellationToken cancellationToken
    )
    {
        var now = _clock.GetUtcNow();
        await using var command = _database.CreateCommand($"WITH {OfThoseThatBegin} SELECT id FROM withdrawn");
        AddTo(command.Parameters, [.. notifications.Select(notification => (notification, now))]);
        Storable.MakeAll(command.Parameters);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var withdrawn = new HashSet<Guid>();
        while (await reader.ReadAsync(cancellationToken))
            withdrawn.Add(reader.GetGuid(0));
        return withdrawn;
    }

    /// <summary>Gives the statement that begins notifications what it needs for <see cref="OfThoseThatBegin"/>.</summary>
    internal static void AddTo(NpgsqlParameterCollection parameters, IReadOnlyList<NotificationStep> steps)
    {
        AddTo(
            parameters,
            [.. steps.Where(step => step.Withdrawal is null).Select(step => (step.Notification, step.Notification.CreatedAt))]
        );
    }

    static void AddTo(
        NpgsqlParameterCollection parameters,
        IReadOnlyList<(NotificationState Notification, DateTimeOffset Begins)> beginning
    )
    {
        var keys = beginning
            .SelectMany(one => one.Notification.Keys, (one, key) => (one.Notification, one.Begins, Name: key.Key, key.Value))
            .ToList();
        parameters.Add("w_id", keys, key => key.Notification.CorrelationId);
        parameters.Add("w_reference", keys, key => NotificationReferences.OfKey(key.Name, key.Value));
        parameters.Add("w_category", keys, key => key.Notification.Category);
        parameters.Add("w_key", keys, key => Withdrawal.RememberedKeyOf(key.Notification.Application, key.Name, key.Value));
        parameters.Add("w_begins", keys, key => key.Begins);
    }

    static NpgsqlBatchCommand Keep(IReadOnlyList<Withdrawal> withdrawals)
    {
        var rows = withdrawals.SelectMany(withdrawal => withdrawal.Categories, (withdrawal, category) => (withdrawal, category)).ToList();
        var command = new NpgsqlBatchCommand(KeepWithdrawals);
        var parameters = command.Parameters;
        parameters.Add("reference", rows, row => row.withdrawal.Reference);
        parameters.Add("category", rows, row => row.category);
        parameters.Add("key", rows, row => row.withdrawal.RememberedKey);
        parameters.Add("before", rows, row => row.withdrawal.Before.ToUniversalTime());
        parameters.Add("reason", rows, row => row.withdrawal.Reason);
        return command;
    }

    static async Task<Func<Guid, IReadOnlySet<string>>> ReadTransactions(NpgsqlDataReader reader)
    {
        var transactions = new HashSet<string>(StringComparer.Ordinal);
        while (await reader.ReadAsync())
            transactions.Add(reader.GetString(0));

        return _ => transactions;
    }
}
