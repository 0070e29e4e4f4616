using NotificationBus.Failures;
using NotificationBus.Intake;
using NotificationBus.Notifications;
using NotificationBus.Postgres;
using NotificationBus.Telemetry;

namespace NotificationBus.IntegrationTests;

/// <summary>What the ledger says of what hosts promised, and of what people do to the tables.</summary>
[Trait("Server", "PostgreSQL")]
public sealed class When_the_ledger_is_kept(BusAndDatabase servers)
{
    static readonly TimeSpan Kept = TimeSpan.FromDays(90);

    static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    [Fact]
    public async Task Should_miss_a_row_that_somebody_deletes()
    {
        await using var record = await PostgresRecord.Open(await servers.CreateDatabase());
        var (deleted, stays) = (
            await When_partitions_are_made.Begin(record, Now.AddMinutes(-1), Now),
            await When_partitions_are_made.Begin(record, Now.AddMinutes(-1), Now)
        );
        (await Sum(record)).ShouldBe((Accepted: 2, Ended: 2, Difference: 0));

        (await record.Execute($"DELETE FROM notification WHERE id = '{deleted}'")).ShouldBe(1);

        (await Sum(record)).ShouldBe((Accepted: 2, Ended: 1, Difference: 1));
        (await record.Of<INotificationLedger>().Unreconciled(CancellationToken.None)).ShouldBe(1);
        (await Read(record)).Unreconciled.ShouldBe(1);
        (await record.Host.Store.Load(stays, CancellationToken.None)).ShouldNotBeNull();
    }

    [Fact]
    public async Task Should_miss_nothing_of_a_month_that_retention_drops()
    {
        var database = await servers.CreateDatabase();
        await using var record = await PostgresRecord.Open(database, Kept);
        await using var sql = new The_record(database);
        var old = new DateTimeOffset(Now.AddMonths(-5).Year, Now.AddMonths(-5).Month, 3, 0, 0, 0, TimeSpan.Zero);
        await When_partitions_are_made.Begin(record, old, old.AddMinutes(1));
        var lost = await When_partitions_are_made.Begin(record, old, old.AddMinutes(1));
        await When_partitions_are_made.Begin(record, Now, Now);
        await record.Of<Partitions>().MakeAhead(CancellationToken.None);
        (await Sum(record)).ShouldBe((Accepted: 3, Ended: 3, Difference: 0), "they were moved into their month");
        await record.Execute($"DELETE FROM notification WHERE id = '{lost}'");
        (await Sum(record)).Difference.ShouldBe(1);

        await record.Of<Retention>().Apply(CancellationToken.None);

        (await sql.Scalar<bool>($"SELECT to_regclass('notification_{old:yyyy_MM}') IS NULL")).ShouldBeTrue();
        (await Sum(record)).ShouldBe((Accepted: 1, Ended: 1, Difference: 0));
        (await Read(record)).Unreconciled.ShouldBe(0);
    }

    [Fact]
    public async Task Should_keep_only_promises_that_are_not_on_record_until_they_are()
    {
        await using var record = await PostgresRecord.Open(await servers.CreateDatabase());
        var there = await When_partitions_are_made.Begin(record, Now, Now);
        var (late, lost) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        await Promise(record, TimeSpan.FromMinutes(1), there, late, lost);
        await Promise(record, TimeSpan.Zero, late);
        (await Sum(record)).ShouldBe((Accepted: 3, Ended: 1, Difference: 2));

        await When_partitions_are_made.Begin(record, Now, id: late);

        (await Sum(record)).ShouldBe((Accepted: 3, Ended: 1, Difference: 1), "also before anybody has tidied up");
        (await Read(record)).Unreconciled.ShouldBe(1);
        await using var sql = new The_record(record.Database);
        (await sql.Scalar<Guid[]>("SELECT array_agg(id) FROM unrecorded_notification")).ShouldBe([lost]);
    }

    [Fact]
    public async Task Should_give_those_time_that_were_just_accepted()
    {
        await using var record = await PostgresRecord.Open(await servers.CreateDatabase());

        await Promise(record, TimeSpan.FromSeconds(2), Guid.CreateVersion7());

        var hour = (await record.Of<INotificationLedger>().Hours(before: null, 1, CancellationToken.None)).ShouldHaveSingleItem();
        (hour.Accepted, hour.InFlight, hour.Difference).ShouldBe((1, 1, 0));
        hour.OldestOpen.ShouldNotBeNull();
        var reading = await Read(record);
        reading.Unreconciled.ShouldBe(0);
        reading.Notifications.ShouldHaveSingleItem().WaitingFor.ShouldBe(WaitingReason.Intake);
    }

    [Fact]
    public async Task Should_not_miss_what_is_among_the_failed_messages()
    {
        await using var record = await PostgresRecord.Open(await servers.CreateDatabase());
        var (id, messageId) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        await record
            .Of<IUnrecordedNotifications>()
            .Note([new PromisedNotification(id, messageId, TimeSpan.FromMinutes(1))], CancellationToken.None);
        (await record.Of<INotificationLedger>().Unreconciled(CancellationToken.None)).ShouldBe(1);

        await record.Host.Failed.Record(
            new Failure
            {
                Id = Guid.CreateVersion7(),
                FailureId = Guid.CreateVersion7(),
                Queue = "notifications",
                Explanation = FailureExplanation.Of(FailureKind.Failed, exceptionType: null, "no such category", "notifications"),
                MessageId = $"{messageId}",
                Headers = "{}",
                Body = [],
            },
            CancellationToken.None
        );

        var reading = await Read(record);
        reading.Unreconciled.ShouldBe(0);
        reading
            .FailedMessages.ShouldHaveSingleItem()
            .ShouldSatisfyAllConditions(failed => failed.Kind.ShouldBe("failed"), failed => failed.Count.ShouldBe(1));
    }

    [Fact]
    public async Task Should_be_read_by_one_host_for_all()
    {
        await using var record = await PostgresRecord.Open(await servers.CreateDatabase());
        var interval = TimeSpan.FromMinutes(5);
        var mine = (await record.Of<IRecordReadings>().Read(interval, CancellationToken.None))!;
        await Promise(record, TimeSpan.FromMinutes(1), Guid.CreateVersion7());

        var theirs = (await record.Of<IRecordReadings>(host: 1).Read(interval, CancellationToken.None))!;

        theirs.Unreconciled.ShouldBe(0, "it is not time yet");
        theirs.TakenAt.ShouldBe(mine.TakenAt, TimeSpan.FromMilliseconds(1));
        await record.Execute("UPDATE record_reading SET next_at = now()");
        (await record.Of<IRecordReadings>(host: 1).Read(interval, CancellationToken.None))!.Unreconciled.ShouldBe(1);
        (await record.Of<IRecordReadings>().Read(interval, CancellationToken.None))!.Unreconciled.ShouldBe(1);
    }

    [Fact]
    public async Task Should_have_a_page_of_hours_in_a_row()
    {
        await using var record = await PostgresRecord.Open(await servers.CreateDatabase());
        var now = LedgerRules.HourOf(Now);
        await When_partitions_are_made.Begin(record, now.AddHours(-5), Now);
        await When_partitions_are_made.Begin(record, now.AddHours(-2), Now);
        var ledger = record.Of<INotificationLedger>();

        var first = await ledger.Hours(before: null, 3, CancellationToken.None);
        var rest = await ledger.Hours(first[^1].Hour, 10, CancellationToken.None);

        var hours = first.Concat(rest).ToList();
        hours.Select(hour => hour.Hour).ShouldBe(Enumerable.Range(0, 6).Select(back => first[0].Hour.AddHours(-back)));
        hours.Where(hour => hour.Accepted > 0).Select(hour => hour.Hour).ShouldBe([now.AddHours(-2), now.AddHours(-5)]);
    }

    static Task Promise(PostgresRecord record, TimeSpan ago, params Guid[] ids) =>
        record
            .Of<IUnrecordedNotifications>()
            .Note([.. ids.Select(id => new PromisedNotification(id, Guid.CreateVersion7(), ago))], CancellationToken.None);

    static async Task<RecordReading> Read(PostgresRecord record)
    {
        await record.Execute("UPDATE record_reading SET next_at = now()");
        return (await record.Of<IRecordReadings>().Read(TimeSpan.FromSeconds(1), CancellationToken.None))!;
    }

    static async Task<(long Accepted, long Ended, long Difference)> Sum(PostgresRecord record)
    {
        await using var sql = new The_record(record.Database);
        return (
            await sql.Scalar<long>("SELECT sum(accepted)::bigint FROM ledger"),
            await sql.Scalar<long>("SELECT sum(ended)::bigint FROM ledger"),
            await sql.Scalar<long>("SELECT sum(difference)::bigint FROM ledger")
        );
    }
}
