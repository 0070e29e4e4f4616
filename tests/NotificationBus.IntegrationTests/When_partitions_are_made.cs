using System.Text.Json;
using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Notifications;
using NotificationBus.Postgres;

namespace NotificationBus.IntegrationTests;

[Trait("Server", "PostgreSQL")]
public sealed class When_partitions_are_made(BusAndDatabase servers)
{
    static readonly TimeSpan Lease = TimeSpan.FromMinutes(1);

    /// <summary>The schema of what producers call is named as many a user is, and PostgreSQL makes tables there then.</summary>
    [Fact]
    public async Task Should_stand_where_all_else_stands()
    {
        var database = await servers.CreateDatabase();
        await using var record = await PostgresRecord.Open(database);
        await using var sql = new The_record(database);

        (await sql.Scalar<string>("SELECT current_user::text")).ShouldBe("notificationbus");
        (await sql.Scalar<bool>("SELECT to_regnamespace('notificationbus') IS NOT NULL")).ShouldBeTrue();
        (await sql.Scalar<long>("SELECT count(*) FROM pg_class WHERE relnamespace = to_regnamespace('notificationbus')")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_keep_each_notification_and_its_attempts_in_the_month_it_began_in()
    {
        var database = await servers.CreateDatabase();
        await using var record = await PostgresRecord.Open(database);
        await using var sql = new The_record(database);
        var now = TimeProvider.System.GetUtcNow();
        var nextMonth = new DateTimeOffset(now.Year, now.Month, 1, 0, 0, 0, TimeSpan.Zero).AddMonths(1);
        var (today, lastMoment, later) = (
            await Begin(record, now),
            await Begin(record, nextMonth.AddMicroseconds(-1)),
            await Begin(record, nextMonth)
        );

        foreach (var id in (Guid[])[today, lastMoment, later])
            (
                await record.Host.Ledger.Record(
                    Call(id) with
                    {
                        Status = AttemptStatus.Accepted,
                    },
                    suppressedAddress: null,
                    CancellationToken.None
                )
            ).ShouldBeTrue();

        (await sql.Scalar<Guid[]>($"SELECT array_agg(id ORDER BY created_at) FROM notification_{now:yyyy_MM}")).ShouldBe([
            today,
            lastMoment,
        ]);
        (await sql.Scalar<Guid[]>($"SELECT array_agg(id) FROM notification_{nextMonth:yyyy_MM}")).ShouldBe([later]);
        (
            await sql.Scalar<Guid[]>(
                $"SELECT array_agg(notification_id ORDER BY notification_created_at) FROM delivery_attempt_{now:yyyy_MM}"
            )
        ).ShouldBe([today, lastMoment]);
        (await sql.Scalar<Guid[]>($"SELECT array_agg(notification_id) FROM delivery_attempt_{nextMonth:yyyy_MM}")).ShouldBe([later]);
        (
            await sql.Scalar<string>(
                """
                SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
                    WHERE inhparent = 'notification'::regclass
                """
            )
        ).ShouldBe(
            $"notification_{now:yyyy_MM} notification_{nextMonth:yyyy_MM} "
                + $"notification_{nextMonth.AddMonths(1):yyyy_MM} notification_default"
        );

        foreach (var id in (Guid[])[today, lastMoment, later])
        {
            (await record.AnotherHost.Ledger.AttemptsOf(id, Call(id).DeliveryId, CancellationToken.None))
                .ShouldHaveSingleItem()
                .Status.ShouldBe(AttemptStatus.Accepted);
            (await record.Host.Ledger.Cancel(id, Guid.CreateVersion7(), "email", "sold", CancellationToken.None))
                .ShouldHaveSingleItem()
                .NotificationId.ShouldBe(id);
        }
    }

    [Fact]
    public async Task Should_lose_nothing_that_came_in_a_month_without_one()
    {
        var database = await servers.CreateDatabase();
        await using var record = await PostgresRecord.Open(database);
        await using var sql = new The_record(database);
        var began = TimeProvider.System.GetUtcNow().AddMonths(14);
        var id = await Begin(record, began);
        (await sql.Scalar<long>("SELECT count(*) FROM notification_default")).ShouldBe(1);
        (await sql.Scalar<long>("SELECT count(*) FROM delivery_attempt_default")).ShouldBe(1);
        await sql.Execute(Step(id));
        (await sql.Scalar<long>("SELECT count(*) FROM saga_step_default")).ShouldBe(1);

        await record.Of<Partitions>().MakeAhead(CancellationToken.None);

        (await sql.Scalar<Guid>($"SELECT id FROM notification_{began:yyyy_MM}")).ShouldBe(id);
        (await sql.Scalar<Guid>($"SELECT notification_id FROM delivery_attempt_{began:yyyy_MM}")).ShouldBe(id);
        (await sql.Scalar<Guid>($"SELECT notification_id FROM saga_step_{began:yyyy_MM}")).ShouldBe(id);
        (await sql.Scalar<long>("SELECT count(*) FROM saga_step_default")).ShouldBe(0);
        var moved = (await record.AnotherHost.Store.Load(id, CancellationToken.None))!;
        (await record.Host.Store.Update(new NotificationStep(moved, Guid.CreateVersion7(), []), CancellationToken.None)).ShouldBeTrue();
        (
            await record.Host.Ledger.Claim(Call(id), "som@example.com", "order-placed", Lease, CancellationToken.None)
        ).Earlier.ShouldHaveSingleItem();
        (
            await record.Host.Ledger.Record(
                Call(id) with
                {
                    Status = AttemptStatus.Accepted,
                },
                suppressedAddress: null,
                CancellationToken.None
            )
        ).ShouldBeTrue();
        (
            await sql.Scalar<long>("SELECT (SELECT count(*) FROM notification_default) + (SELECT count(*) FROM delivery_attempt_default)")
        ).ShouldBe(0);
    }

    [Fact]
    public async Task Should_take_in_notifications_without_attempts_and_attempts_alone()
    {
        var database = await servers.CreateDatabase();
        await using var record = await PostgresRecord.Open(database);
        await using var sql = new The_record(database);
        var now = TimeProvider.System.GetUtcNow();
        var (first, other) = (await Begin(record, now.AddMonths(14)), await Begin(record, now.AddMonths(18)));
        await record.Execute($"DELETE FROM delivery_attempt WHERE notification_id = '{first}'");
        await record.Execute($"DELETE FROM notification WHERE id = '{other}'");

        await record.Of<Partitions>().MakeAhead(CancellationToken.None);

        (await sql.Scalar<Guid>($"SELECT id FROM notification_{now.AddMonths(14):yyyy_MM}")).ShouldBe(first);
        (await sql.Scalar<Guid>($"SELECT notification_id FROM delivery_attempt_{now.AddMonths(18):yyyy_MM}")).ShouldBe(other);
    }

    /// <summary>Whoever makes one has found out before which are missing, and may have waited for another host since.</summary>
    [Fact]
    public async Task Should_leave_alone_what_has_come_meanwhile_in_an_earlier_month()
    {
        var database = await servers.CreateDatabase();
        await using var record = await PostgresRecord.Open(database);
        await using var sql = new The_record(database);
        var now = TimeProvider.System.GetUtcNow();
        var first = await Begin(record, now.AddMonths(18));

        Task making;
        Guid meanwhile;
        await using (await record.Begin("SELECT pg_advisory_xact_lock(x'4E6F74696670'::bigint)"))
        {
            making = record.Of<Partitions>().MakeAhead(CancellationToken.None);
            await record.UntilSomebodyWaits();
            meanwhile = await Begin(record, now.AddMonths(14));
        }

        await making.WaitAsync(Lease);

        (await sql.Scalar<Guid>($"SELECT id FROM notification_{now.AddMonths(18):yyyy_MM}")).ShouldBe(first);
        (await sql.Scalar<Guid>("SELECT id FROM notification_default")).ShouldBe(meanwhile);
        (await sql.Scalar<Guid>("SELECT notification_id FROM delivery_attempt_default")).ShouldBe(meanwhile);
    }

    /// <summary>A command may have come before its notification was on record, or after one of the same id was forgotten.</summary>
    [Fact]
    public async Task Should_count_no_calls_that_were_made_before_the_notification_began()
    {
        var database = await servers.CreateDatabase();
        await using var record = await PostgresRecord.Open(database);
        await using var sql = new The_record(database);
        var ledger = record.Host.Ledger;
        var id = Guid.CreateVersion7();
        var (first, second) = (Call(id), Call(id) with { Number = 2 });
        foreach (var call in (DeliveryAttempt[])[first, second])
            (await ledger.Claim(call, "som@example.com", "order-placed", Lease, CancellationToken.None)).Granted.ShouldBeTrue();
        await ledger.Record(first with { Status = AttemptStatus.Accepted }, suppressedAddress: null, CancellationToken.None);
        // Of this month: there is no partition for the one before.
        var now = TimeProvider.System.GetUtcNow();
        await Begin(record, now.Day > 5 ? now.AddDays(-5) : now, id: id);
        (await ledger.Claim(second, "som@example.com", "order-placed", Lease, CancellationToken.None)).Granted.ShouldBeTrue();

        var outcome = second with { Status = AttemptStatus.Unavailable };
        (await ledger.Record(outcome, suppressedAddress: null, CancellationToken.None)).ShouldBeTrue();
        var cancelled = await ledger.Cancel(id, id, "email", "sold", CancellationToken.None).WaitAsync(Lease);

        cancelled.Select(attempt => attempt.Status).ShouldBe([AttemptStatus.Started, AttemptStatus.Unavailable, AttemptStatus.Cancelled]);
        // Early in a month five days ago is in the month before, which has no partition.
        (
            await sql.Scalar<string[]>(
                "SELECT array_agg(status ORDER BY number) FROM delivery_attempt_default WHERE NOT isfinite(notification_created_at)"
            )
        ).ShouldBe(["Accepted", "Started"]);
    }

    [Fact]
    public async Task Should_not_mind_another_host_that_makes_the_same()
    {
        var database = await servers.CreateDatabase();
        await using var record = await PostgresRecord.Open(database);
        await using var sql = new The_record(database);
        var began = TimeProvider.System.GetUtcNow().AddMonths(5);
        for (var month = 0; month < 5; month++)
            await Begin(record, began.AddMonths(month));

        await Task.WhenAll(
            Enumerable.Range(0, 8).Select(i => Task.Run(() => record.Of<Partitions>(i % 2).MakeAhead(CancellationToken.None)))
        );

        (await sql.Scalar<long>("SELECT count(*) FROM notification_default")).ShouldBe(0);
        (await sql.Scalar<long>("SELECT count(*) FROM notification")).ShouldBe(5);
        (await sql.Scalar<long>("SELECT count(*) FROM pg_inherits WHERE inhparent = 'notification'::regclass")).ShouldBe(3 + 5 + 1);
        (await sql.Scalar<long>("SELECT count(*) FROM pg_inherits WHERE inhparent = 'delivery_attempt'::regclass")).ShouldBe(3 + 5 + 1);
        (await sql.Scalar<long>("SELECT count(*) FROM pg_inherits WHERE inhparent = 'saga_step'::regclass")).ShouldBe(3 + 5 + 1);
    }

    /// <summary>Stores a notification that began then, and a call that was claimed for it.</summary>
    internal static async Task<Guid> Begin(
        PostgresRecord record,
        DateTimeOffset createdAt,
        DateTimeOffset? completedAt = null,
        Guid? id = null
    )
    {
        var notification = new NotificationState
        {
            CorrelationId = id ?? Guid.CreateVersion7(),
            CurrentState = completedAt is null ? "Sending" : "Delivered",
            EventName = "order-placed",
            Category = "order-placed",
            Recipient = new Contact { Id = "seller-42" },
            Data = JsonElement.Parse("{}"),
            CreatedAt = createdAt,
            ExpiresAt = createdAt.AddDays(1),
            CompletedAt = completedAt,
        };
        (
            await record.Host.Store.Insert(new NotificationStep(notification, Guid.CreateVersion7(), []), CancellationToken.None)
        ).ShouldBeTrue();
        var call = Call(notification.CorrelationId);
        (await record.Host.Ledger.Claim(call, "som@example.com", "order-placed", Lease, CancellationToken.None)).Granted.ShouldBeTrue();
        return notification.CorrelationId;
    }

    /// <summary>Keeps a step of a notification that is on record.</summary>
    internal static string Step(Guid notificationId) =>
        $"""
            INSERT INTO saga_step (notification_created_at, notification_id, number, at, message, message_ids, state_before, state_after,
                before, changes, caused)
            SELECT created_at, id, 1, now(), 'OrderPlaced', '{"{}"}', 'Initial', 'Failed', '{"{}"}', '{"{}"}', '[]' FROM notification_key
                WHERE id = '{notificationId}'
            """;

    /// <summary>The first call for the only delivery of a notification.</summary>
    internal static DeliveryAttempt Call(Guid notificationId) =>
        new()
        {
            // Any will do, as long as it is always the same.
            DeliveryId = notificationId,
            NotificationId = notificationId,
            Number = 1,
            Channel = "email",
            Provider = "smtp",
            Status = AttemptStatus.Started,
        };
}
