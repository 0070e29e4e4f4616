using NotificationBus.Notifications;
using NotificationBus.Postgres;
using NotificationBus.Receipts;
using Npgsql;

namespace NotificationBus.IntegrationTests;

[Trait("Server", "PostgreSQL")]
public sealed class When_a_month_is_older_than_retention(BusAndDatabase servers)
{
    static readonly TimeSpan Soon = TimeSpan.FromMinutes(1);
    static readonly TimeSpan Kept = TimeSpan.FromDays(90);

    [Fact]
    public async Task Should_be_dropped_with_its_attempts_and_its_ids()
    {
        var database = await servers.CreateDatabase();
        await using var record = await PostgresRecord.Open(database, Kept);
        await using var sql = new The_record(database);
        var old = MonthsAgo(5);
        var gone = await When_partitions_are_made.Begin(record, old, old.AddMinutes(1));
        var stays = await When_partitions_are_made.Begin(record, MonthsAgo(1), MonthsAgo(1));
        await record.Of<Partitions>().MakeAhead(CancellationToken.None);
        foreach (var id in new[] { gone, stays })
            await sql.Execute(When_partitions_are_made.Step(id));

        await record.Of<Retention>().Apply(CancellationToken.None);

        (await record.Host.Store.Load(gone, CancellationToken.None)).ShouldBeNull();
        (await record.Host.Store.Load(stays, CancellationToken.None)).ShouldNotBeNull();
        (await sql.Scalar<Guid[]>("SELECT array_agg(id) FROM notification_key")).ShouldBe([stays]);
        (await sql.Scalar<Guid[]>("SELECT array_agg(notification_id) FROM delivery_attempt")).ShouldBe([stays]);
        (await sql.Scalar<Guid[]>("SELECT array_agg(notification_id) FROM saga_step")).ShouldBe([stays]);
        (
            await sql.Scalar<bool>(
                $"SELECT to_regclass('notification_{old:yyyy_MM}') IS NULL AND to_regclass('delivery_attempt_{old:yyyy_MM}') IS NULL "
                    + $"AND to_regclass('saga_step_{old:yyyy_MM}') IS NULL"
            )
        ).ShouldBeTrue();
        (await sql.Scalar<bool>($"SELECT to_regclass('notification_{MonthsAgo(1):yyyy_MM}') IS NOT NULL")).ShouldBeTrue();
    }

    [Fact]
    public async Task Should_stay_whole_while_its_newest_is_not_older()
    {
        var database = await servers.CreateDatabase();
        // The month of both is over, and only the first of them is old enough.
        var (first, last) = (MonthsAgo(5), MonthsAgo(5).AddDays(2));
        await using var record = await PostgresRecord.Open(database, TimeProvider.System.GetUtcNow() - first.AddDays(1));
        await When_partitions_are_made.Begin(record, first, first);
        await When_partitions_are_made.Begin(record, last, last);
        await record.Of<Partitions>().MakeAhead(CancellationToken.None);

        await record.Of<Retention>().Apply(CancellationToken.None);

        await using var sql = new The_record(database);
        (await sql.Scalar<long>("SELECT count(*) FROM notification")).ShouldBe(2);
        (await sql.Scalar<long>("SELECT count(*) FROM notification_key")).ShouldBe(2);
    }

    [Fact]
    public async Task Should_stay_for_ever_without_the_setting()
    {
        var database = await servers.CreateDatabase();
        await using var record = await PostgresRecord.Open(database);
        var id = await When_partitions_are_made.Begin(record, MonthsAgo(300), MonthsAgo(300));
        await record.Of<Partitions>().MakeAhead(CancellationToken.None);

        await record.Of<Retention>().Apply(CancellationToken.None);

        (await record.Host.Store.Load(id, CancellationToken.None)).ShouldNotBeNull();
    }

    [Fact]
    public async Task Should_wait_for_whoever_reads_it_and_be_kept_for_what_is_taken_up_again_meanwhile()
    {
        var database = await servers.CreateDatabase();
        await using var record = await PostgresRecord.Open(database, Kept);
        await using var sql = new The_record(database);
        var (bounced, other) = (
            await When_partitions_are_made.Begin(record, MonthsAgo(5), MonthsAgo(5)),
            await When_partitions_are_made.Begin(record, MonthsAgo(5), MonthsAgo(5))
        );
        await record.Of<Partitions>().MakeAhead(CancellationToken.None);
        var loaded = (await record.Host.Store.Load(bounced, CancellationToken.None))!;

        await using (var reading = await NpgsqlDataSource.Create(database).OpenConnectionAsync())
        {
            await using var read = new NpgsqlCommand("BEGIN; SELECT FROM notification", reading);
            await read.ExecuteNonQueryAsync();
            var inUse = await Should.ThrowAsync<PostgresException>(() => record.Of<Retention>().Apply(CancellationToken.None));
            inUse.SqlState.ShouldBe(PostgresErrorCodes.LockNotAvailable);

            // Whoever began a step before may still end it.
            loaded.CompletedAt = null;
            (
                await record.Host.Store.Update(
                    new NotificationStep(loaded, Guid.CreateVersion7(), []) { Reopens = true },
                    CancellationToken.None
                )
            ).ShouldBeTrue();
        }

        await record.Of<Retention>(host: 1).Apply(CancellationToken.None);

        (await record.Host.Store.Load(bounced, CancellationToken.None))!.CompletedAt.ShouldBeNull();
        (await sql.Scalar<long>("SELECT count(*) FROM notification")).ShouldBe(2);
        var ends = (await record.Host.Store.Load(bounced, CancellationToken.None))!;
        ends.CompletedAt = TimeProvider.System.GetUtcNow();
        (await record.Host.Store.Update(new NotificationStep(ends, Guid.CreateVersion7(), []), CancellationToken.None)).ShouldBeTrue();
        await record.Of<Retention>().Apply(CancellationToken.None);
        (await sql.Scalar<long>($"SELECT count(*) FROM notification WHERE id IN ('{bounced}', '{other}')")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_be_kept_by_a_host_that_says_why_while_one_of_them_has_not_ended()
    {
        var (broker, database) = await servers.CreateBoth();
        var month = MonthsAgo(5);
        await using (var record = await PostgresRecord.Open(database))
        {
            await When_partitions_are_made.Begin(record, month, month);
            var unfinished = await When_partitions_are_made.Begin(record, month);
            var scheduled = When_a_month_is_not_over.Scheduled(unfinished) with { DueAt = TimeProvider.System.GetUtcNow().AddDays(1) };
            await record.Host.Outgoing.Schedule([scheduled], CancellationToken.None);
        }

        await using var sql = new The_record(database);
        await using var host = await HostInProcess.Start(
            broker,
            database,
            new Dictionary<string, string>(StringComparer.Ordinal) { ["Retention:Notifications"] = "90.00:00:00" }
        );

        var line = await host
            .Output.Line(line => line.Contains("is older than Retention:Notifications", StringComparison.Ordinal))
            .WaitAsync(Soon);
        line.ShouldContain($"{month:yyyy-MM}");
        line.ShouldContain("1 of its notifications have not ended");
        line.ShouldContain("1 messages of them are in outgoing_message", Case.Sensitive, "one of the two of one moment has scheduled it");
        (await sql.Scalar<long>("SELECT count(*) FROM notification")).ShouldBe(2);
    }

    [Fact]
    public async Task Should_be_unknown_to_late_receipts_and_begin_again_with_the_same_event()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var record = new The_record(database);
        await using var host = await ReportingHost.Start(broker, database);
        await host.Order("order-4711");
        await record.UntilDelivered(1, Soon);
        await record.UntilNothingIsOutgoing(Soon);
        await record.MakeOlder("150 days");

        await using var other = await HostInProcess.Start(
            broker,
            database,
            new Dictionary<string, string>(StringComparer.Ordinal) { ["Retention:Notifications"] = "90.00:00:00" }
        );
        await record.Until("SELECT count(*) FROM notification", 0, Soon);
        await other.Output.Line(line => line.Contains("Dropped 1 notifications of", StringComparison.Ordinal)).WaitAsync(Soon);
        using (var answer = await host.Report(ReceiptKind.HardBounce))
            answer.IsSuccessStatusCode.ShouldBeTrue();

        // As for any that is not on record: it is looked for again.
        await record.Until("SELECT count(*) FROM outgoing_message WHERE destination LIKE '%receipts'", 1, Soon);
        (await record.Scalar<long>("SELECT count(*) FROM suppressed_address")).ShouldBe(0);
        (await record.Scalar<long>("SELECT count(*) FROM failed_message")).ShouldBe(0);

        await host.Order("order-4711");
        await record.UntilDelivered(1, Soon);
        host.Provider.Calls.Count.ShouldBe(2);
    }

    /// <summary>The third of a month that is over since long.</summary>
    internal static DateTimeOffset MonthsAgo(int months)
    {
        var then = TimeProvider.System.GetUtcNow().AddMonths(-months);
        return new DateTimeOffset(then.Year, then.Month, 3, 0, 0, 0, TimeSpan.Zero);
    }
}
