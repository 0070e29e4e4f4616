using NotificationBus.Intake;
using NotificationBus.Notifications;
using NotificationBus.Outgoing;
using NotificationBus.Subscriptions;
using Npgsql;

namespace NotificationBus.IntegrationTests;

/// <summary>
/// A host that takes a few of what waits reads a few, however much waits: what has piled up while a server, a subscriber or the hosts were
/// away would otherwise be read whole each time. Statements are planned once, while nothing waits, and once more whenever the server has
/// looked how much there is: before anything came, or when all is there. It does not look by itself here: in the middle of one large
/// transaction it sees pages without rows, and plans may read all until it looks again after it.
/// </summary>
[Trait("Server", "PostgreSQL")]
public sealed class When_much_waits_in_PostgreSQL(BusAndDatabase servers)
{
    const int Waiting = 20_000;
    const int Taken = 10;
    const long MostRead = 1000;

    // Npgsql prepares a statement at its fifth use.
    const int UntilPrepared = 6;

    static readonly Guid Listener = Guid.CreateVersion7();
    static readonly TimeSpan Lease = TimeSpan.FromMinutes(1);

    /// <summary>The tables in which something waits, how it gets there, and what takes of it.</summary>
    static readonly Dictionary<string, (string Fill, Func<PostgresRecord, Task> Take)> Backlogs = new(StringComparer.Ordinal)
    {
        ["outgoing_message"] = (
            $"""
            INSERT INTO outgoing_message (message_id, destination, content_type, message_types, body, headers, due_at)
            SELECT gen_random_uuid(), 'exchange:somewhere', 'text/plain', 'urn:message:Any', ''::bytea, '{"{}"}', now()
            FROM generate_series(1, {Waiting})
            """,
            record => record.Of<IOutgoingMessages>().TakeDue(Lease, Taken, CancellationToken.None)
        ),
        ["intake_event"] = (
            $$"""
            INSERT INTO intake_event (id, event_type, event, producer)
            SELECT gen_random_uuid(), 'OrderPlaced', '{}', 'shop' FROM generate_series(1, {{Waiting}})
            """,
            record => record.Of<IIntakeRows>().Take(Lease, Taken, CancellationToken.None)
        ),
        ["unfinished_notification"] = (
            $"""
            INSERT INTO unfinished_notification (id, created_at, look_again_at)
            SELECT gen_random_uuid(), now(), now() FROM generate_series(1, {Waiting})
            """,
            record => record.Of<IUnfinishedNotifications>().Take(Lease, Taken, CancellationToken.None)
        ),
        ["subscription_delivery"] = (
            Told("'Waiting'"),
            async record =>
            {
                var deliveries = record.Of<IWebhookDeliveries>();
                await deliveries.WithDue(CancellationToken.None);
                foreach (var taken in await deliveries.Take(Listener, Lease, Taken, CancellationToken.None))
                    await deliveries.Settle(Delivered(taken.Id, taken.Attempts), CancellationToken.None);
            }
        ),
        ["subscription_delivery, settled"] = (
            Told("'Waiting'"),
            async record =>
            {
                for (var number = 1; number <= Taken; number++)
                    await record.Of<IWebhookDeliveries>().Settle(Delivered(Numbered(number), 0), CancellationToken.None);
            }
        ),
        ["subscription_delivery, given up"] = (
            Told("'Failed'"),
            record => record.Of<IWebhookDeliveries>().Recover(Listener, DateTimeOffset.UnixEpoch, Taken, CancellationToken.None)
        ),
        ["subscription_delivery, old"] = (
            Told("'Failed'"),
            record => record.Of<IWebhookDeliveries>().Forget(TimeSpan.Zero, Taken, CancellationToken.None)
        ),
        ["stream_event"] = (
            $$"""
            WITH stream AS (INSERT INTO event_stream (id, events) VALUES ('{{Listener}}', '{delivery.sent}') ON CONFLICT DO NOTHING)
            INSERT INTO stream_event (stream_id, notification_id, sequence, type, at, data)
            SELECT '{{Listener}}', gen_random_uuid(), 1, 'delivery.sent', now(), '{}' FROM generate_series(1, {{Waiting}})
            """,
            record => record.Of<IEventStreams>().Advance([Listener], Taken, CancellationToken.None)
        ),
    };

    /// <summary>When the server looked how much there is.</summary>
    public enum Looked
    {
        Never,
        WhileEmpty,
        WhenFull,
    }

    public static TheoryData<string, Looked> Of_each_kind() =>
        [.. from kind in Backlogs.Keys from looked in Enum.GetValues<Looked>() select new TheoryDataRow<string, Looked>(kind, looked)];

    [Theory]
    [MemberData(nameof(Of_each_kind))]
    public async Task Should_read_a_few_when_it_takes_a_few(string kind, Looked looked)
    {
        var database = await servers.CreateDatabase();
        var table = kind.Split(',')[0];
        var (fill, take) = Backlogs[kind];
        await using var server = NpgsqlDataSource.Create(database);
        await using (var record = await PostgresRecord.Open(database))
        {
            await Run(server, $"ALTER TABLE {table} SET (autovacuum_enabled = off)");
            if (looked == Looked.WhileEmpty)
                await Run(server, $"VACUUM ANALYZE {table}");
            for (var i = 0; i < UntilPrepared; i++)
                await take(record);
            await Run(server, fill);
            if (looked == Looked.WhenFull)
                await Run(server, $"VACUUM ANALYZE {table}");
            await Run(
                server,
                $"""
                SELECT pg_stat_reset_single_table_counters('{table}'::regclass), pg_stat_reset_single_table_counters(indexrelid)
                FROM pg_index WHERE indrelid = '{table}'::regclass
                """
            );

            await take(record);
        }

        await UntilAllHaveSaidWhatTheyRead(server);
        (await Read(server, table)).ShouldBeInRange(Taken, MostRead);
    }

    static Guid Numbered(int number) => Guid.Parse($"{number:D32}");

    static WebhookSettlement Delivered(Guid id, int attempts) =>
        new(id, attempts, WebhookStatus.Delivered, TimeSpan.Zero, new WebhookTry(DateTimeOffset.UnixEpoch, "204", 1));

    static async Task Run(NpgsqlDataSource server, string sql)
    {
        await using var command = server.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Waits for the end of the other connections, which say at the latest then what they read.</summary>
    static async Task UntilAllHaveSaidWhatTheyRead(NpgsqlDataSource server)
    {
        server.Clear();
        await using var command = server.CreateCommand(
            """
            SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
            """
        );
        while ((long)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))! > 0) { }
    }

    /// <summary>Returns how many rows, or entries of one index, were read.</summary>
    static async Task<long> Read(NpgsqlDataSource server, string table)
    {
        await using var command = server.CreateCommand(
            $"""
            SELECT greatest(t.seq_tup_read + coalesce(t.idx_tup_fetch, 0), max(i.idx_tup_read))
            FROM pg_stat_user_tables t JOIN pg_stat_user_indexes i USING (relid) WHERE t.relname = '{table}'
            GROUP BY t.seq_tup_read, t.idx_tup_fetch
            """
        );
        return (long)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }

    static string Told(string status) =>
        $$"""
            WITH subscription AS (
                INSERT INTO subscription (id, url, events, categories, secret)
                VALUES ('{{Listener}}', 'https://example.com', '{}', '{}', ''::bytea))
            INSERT INTO subscription_delivery (id, subscription_id, notification_id, sequence, type, at, data, status)
            SELECT lpad((row_number() OVER ())::text, 32, '0')::uuid, '{{Listener}}', n.id, k, 'delivery.sent', now(), '{}', {{status}}
            FROM (SELECT gen_random_uuid() AS id FROM generate_series(1, {{Waiting / 2}})) AS n, generate_series(1, 2) AS k
            """;
}
