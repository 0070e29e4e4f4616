using NotificationBus.IntegrationTests.Servers;
using NotificationBus.Outgoing;
using NotificationBus.Postgres;

namespace NotificationBus.IntegrationTests;

/// <summary>Tests that do not bite: what is at work in a month that is old enough to go, and what only looks like it.</summary>
[Trait("Server", "PostgreSQL")]
public sealed class When_a_month_is_not_over(BusAndDatabase servers)
{
    static readonly TimeSpan Soon = TimeSpan.FromMinutes(1);
    static readonly TimeSpan Day = TimeSpan.FromDays(1);
    static readonly TimeSpan Kept = 90 * Day;

    /// <summary>
    /// A step that had begun before the ids were forgotten takes one up again, and is stored while the lock is waited for.
    /// </summary>
    [Fact]
    public async Task Should_be_kept_for_one_that_is_taken_up_again_in_the_last_moment()
    {
        await using var month = await OldMonth.Create(servers);
        var (bounced, _) = (await month.Ended(), await month.Ended());
        await using var step = await month.Record.Begin(
            $"""
            UPDATE notification SET completed_at = NULL, version = version + 1 WHERE id = '{bounced}';
            INSERT INTO unfinished_notification (id, created_at, look_again_at) SELECT id, created_at, now() FROM notification
                WHERE id = '{bounced}'
            """
        );
        var applying = month.Apply();
        await month.Record.UntilSomebodyWaits();

        await step.Commit();
        await applying.WaitAsync(Soon);

        (await month.Notifications()).ShouldBe(2);
        (await month.Record.Host.Store.Load(bounced, CancellationToken.None)).ShouldNotBeNull().CompletedAt.ShouldBeNull();
    }

    /// <summary>It is not forgotten and put back: in between a receipt for it would come to nobody.</summary>
    [Fact]
    public async Task Should_find_all_the_time_what_is_taken_up_again_before_the_ids_are_forgotten()
    {
        await using var month = await OldMonth.Create(servers);
        var (bounced, _) = (await month.Ended(), await month.Ended());
        var storedBy = $"SELECT xmin::text FROM notification_key WHERE id = '{bounced}'";
        var before = await month.Sql.Scalar<string>(storedBy);
        await using var counting = await month.Record.Begin("LOCK TABLE outgoing_message IN ACCESS EXCLUSIVE MODE");
        var applying = month.Apply();
        await month.Record.UntilSomebodyWaits();
        await month.Record.Execute(
            $"""
            WITH taken AS (
                UPDATE notification SET completed_at = NULL, version = version + 1 WHERE id = '{bounced}' RETURNING id, created_at)
            INSERT INTO unfinished_notification (id, created_at, look_again_at) SELECT id, created_at, now() FROM taken
            """
        );

        await counting.Commit();
        await applying.WaitAsync(Soon);

        (await month.Sql.Scalar<string>(storedBy)).ShouldBe(before);
        (await month.Notifications()).ShouldBe(2);
    }

    [Fact]
    public async Task Should_go_though_the_sweep_has_not_seen_yet_that_one_has_ended()
    {
        await using var month = await OldMonth.Create(servers);
        var id = await month.Ended();
        await month.Record.Execute(
            "INSERT INTO unfinished_notification (id, created_at, look_again_at) SELECT id, created_at, now() FROM "
                + $"notification WHERE id = '{id}'"
        );

        await month.Apply();

        (await month.Notifications()).ShouldBe(0);
    }

    [Fact]
    public async Task Should_be_kept_until_what_one_of_them_has_scheduled_is_published()
    {
        await using var month = await OldMonth.Create(servers);
        var (id, other) = (await month.Ended(), await When_partitions_are_made.Begin(month.Record, TimeProvider.System.GetUtcNow()));
        var (theirs, others) = (Scheduled(id), Scheduled(other));
        await month.Record.Host.Outgoing.Schedule([theirs, others], CancellationToken.None);

        await month.Apply();
        (await month.Notifications()).ShouldBe(2);
        await month.Record.Host.Outgoing.Cancel(theirs.Token, CancellationToken.None);
        await month.Apply();

        (await month.Notifications()).ShouldBe(1, "what others have scheduled is of no interest");
    }

    /// <summary>
    /// A host that was killed between the two had forgotten the ids, and a step that had begun before was stored after that.
    /// </summary>
    [Fact]
    public async Task Should_be_found_again_when_a_host_that_forgot_it_did_not_come_to_the_end()
    {
        await using var month = await OldMonth.Create(servers);
        var (unfinished, ended) = (await When_partitions_are_made.Begin(month.Record, month.At), await month.Ended());
        await month.Record.Execute("DELETE FROM notification_key");

        await month.Apply();
        await month.Apply();

        (await month.Record.Host.Store.Load(unfinished, CancellationToken.None)).ShouldNotBeNull();
        (await month.Record.Host.Store.Load(ended, CancellationToken.None)).ShouldBeNull();
    }

    [Fact]
    public async Task Should_leave_alone_what_the_same_event_has_begun_since()
    {
        await using var month = await OldMonth.Create(servers);
        var id = await month.Ended();
        await month.Record.Execute("DELETE FROM notification_key");
        await month.Record.Execute($"INSERT INTO notification_key (id, created_at) VALUES ('{id}', now())");
        await month.Record.Host.Outgoing.Schedule([Scheduled(id)], CancellationToken.None);

        await month.Apply();

        (await month.Notifications()).ShouldBe(0, "what is scheduled is of the one that began since");
        (await month.Sql.Scalar<long>("SELECT count(*) FROM notification_key")).ShouldBe(1);
    }

    /// <summary>More than are forgotten together, and all of one moment.</summary>
    [Fact]
    public async Task Should_forget_every_id_of_it()
    {
        await using var month = await OldMonth.Create(servers);
        await month.Ended();
        await month.Record.Execute(
            $"""
            WITH many AS (
                INSERT INTO notification
                SELECT (jsonb_populate_record(n, jsonb_build_object('id', gen_random_uuid()))).*
                    FROM notification n, generate_series(1, 10050)
                RETURNING id, created_at)
            INSERT INTO notification_key (id, created_at) SELECT id, created_at FROM many
            """
        );

        await month.Apply().WaitAsync(Soon);

        (await month.Sql.Scalar<long>("SELECT count(*) FROM notification_key")).ShouldBe(0);
        (await month.Notifications()).ShouldBe(0);
    }

    [Fact]
    public async Task Should_go_when_nothing_is_in_it()
    {
        await using var month = await OldMonth.Create(servers);
        await month.Ended();
        await month.Record.Execute("DELETE FROM notification; DELETE FROM notification_key; DELETE FROM delivery_attempt");

        await month.Apply();

        (await month.Sql.Scalar<bool>($"SELECT to_regclass('notification_{month.At:yyyy_MM}') IS NULL")).ShouldBeTrue();
    }

    [Fact]
    public async Task Should_be_left_to_the_host_that_is_at_it()
    {
        await using var month = await OldMonth.Create(servers);
        await month.Ended();

        await using (await month.Record.Begin("SELECT pg_advisory_xact_lock(x'4E6F74696664'::bigint)"))
            await month.Apply().WaitAsync(Soon);
        (await month.Notifications()).ShouldBe(1);

        await month.Apply();
        (await month.Notifications()).ShouldBe(0);
    }

    /// <summary>Hosts may still store in it what began in its last seconds, and what is young by the month is not by the day.</summary>
    [Fact]
    public async Task Should_be_kept_for_a_day_after_its_end()
    {
        var now = TimeProvider.System.GetUtcNow();
        var end = new DateTimeOffset(now.Year, now.Month, 1, 0, 0, 0, TimeSpan.Zero).AddMonths(1);
        await using var clock = await DatabaseClock.Of(await servers.CreateEmptyDatabase(), end.AddDays(-2) - now);
        await using var record = await PostgresRecord.Open(clock.Database, Day);
        var began = end.AddDays(-5);
        await When_partitions_are_made.Begin(record, began, began);

        foreach (var (at, kept) in new[] { (end.AddDays(-2), 1), (end.AddHours(12), 1), (end.AddHours(25), 0) })
        {
            await clock.Set(at - TimeProvider.System.GetUtcNow());
            await record.Of<Retention>().Apply(CancellationToken.None);
            (await clock.Scalar<long>("SELECT count(*) FROM notification")).ShouldBe(kept, $"{at}");
        }
    }

    [Fact]
    public async Task Should_take_with_it_the_old_attempts_of_no_notification_alone()
    {
        await using var month = await OldMonth.Create(servers);
        var (old, young) = (await Claim(), await Claim());
        await month.Record.Execute($"UPDATE delivery_attempt SET started_at = now() - interval '91 days' WHERE notification_id = '{old}'");
        var waits = await When_partitions_are_made.Begin(month.Record, TimeProvider.System.GetUtcNow().AddMonths(14));
        await month.Record.Execute(
            $"UPDATE delivery_attempt SET started_at = now() - interval '91 days' WHERE notification_id = '{waits}'"
        );

        await month.Apply();

        (await month.Sql.Scalar<Guid[]>("SELECT array_agg(notification_id) FROM delivery_attempt")).ShouldBe(
            [young, waits],
            ignoreOrder: true
        );

        async Task<Guid> Claim()
        {
            var call = When_partitions_are_made.Call(Guid.CreateVersion7());
            await month.Record.Host.Ledger.Claim(call, "som@example.com", "order-placed", Soon, CancellationToken.None);
            return call.NotificationId;
        }
    }

    internal static OutgoingMessage Scheduled(Guid notificationId) =>
        new()
        {
            MessageId = Guid.CreateVersion7(),
            NotificationId = notificationId,
            Destination = "exchange:send-email",
            ContentType = "application/json",
            MessageTypes = "urn:message:Something",
            Body = "{}"u8.ToArray(),
        };

    /// <summary>A record with a month that is older than what is kept.</summary>
    sealed class OldMonth(string database, PostgresRecord record) : IAsyncDisposable
    {
        public PostgresRecord Record => record;

        public The_record Sql { get; } = new(database);

        public DateTimeOffset At { get; } =
            TimeProvider.System.GetUtcNow() is var now
                ? new DateTimeOffset(now.Year, now.Month, 3, 0, 0, 0, TimeSpan.Zero).AddMonths(-5)
                : default;

        public static async Task<OldMonth> Create(BusAndDatabase servers)
        {
            var database = await servers.CreateDatabase();
            var month = new OldMonth(database, await PostgresRecord.Open(database, Kept));
            // Makes its partitions, with nothing in them.
            await month.Ended();
            await month.Record.Of<Partitions>().MakeAhead(CancellationToken.None);
            await month.Record.Execute("DELETE FROM notification; DELETE FROM notification_key; DELETE FROM delivery_attempt");
            return month;
        }

        /// <summary>A notification of it that has ended.</summary>
        public Task<Guid> Ended() => When_partitions_are_made.Begin(record, At, At);

        public Task Apply() => record.Of<Retention>().Apply(CancellationToken.None);

        public Task<long> Notifications() => Sql.Scalar<long>("SELECT count(*) FROM notification");

        public async ValueTask DisposeAsync()
        {
            await Sql.DisposeAsync();
            await record.DisposeAsync();
        }
    }
}
