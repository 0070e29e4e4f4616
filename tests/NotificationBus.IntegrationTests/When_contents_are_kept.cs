using System.Text.Json;
using NotificationBus.Contents;
using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Notifications;
using NotificationBus.Postgres;

namespace NotificationBus.IntegrationTests;

[Trait("Server", "PostgreSQL")]
public sealed class When_contents_are_kept(BusAndDatabase servers)
{
    [Fact]
    public async Task Should_be_kept_once_when_many_say_the_same()
    {
        var database = await servers.CreateDatabase();
        await using var record = await PostgresRecord.Open(database);
        await using var sql = new The_record(database);
        var contents = Contents();
        var now = record.Now;

        await Task.WhenAll(Enumerable.Range(0, 50).Select(i => Begin(record, now, contents, host: i % 2)));

        (await sql.Scalar<long>("SELECT count(*) FROM content")).ShouldBe(1);
        (await sql.Scalar<long>($"SELECT count(*) FROM content_{now:yyyy_MM}")).ShouldBe(1);
        var found = await record.Of<IContentStore>().Find(Guid.NewGuid(), contents.Hash, CancellationToken.None);
        (found!.KeyId, Convert.ToHexString(found.Body)).ShouldBe(("k1", Convert.ToHexString(contents.Body)));
        (await record.Of<IContentStore>().Find(Guid.NewGuid(), Guid.NewGuid(), CancellationToken.None)).ShouldBeNull();
    }

    [Fact]
    public async Task Should_not_be_kept_for_a_notification_that_is_there_already()
    {
        var database = await servers.CreateDatabase();
        await using var record = await PostgresRecord.Open(database);
        await using var sql = new The_record(database);
        var id = Guid.CreateVersion7();
        (await Begin(record, record.Now, Contents(), id: id)).ShouldBeTrue();

        (await Begin(record, record.Now, Contents(), id: id)).ShouldBeFalse();

        (await sql.Scalar<long>("SELECT count(*) FROM content")).ShouldBe(1);
    }

    [Fact]
    public async Task Should_go_by_themselves_when_they_are_older_than_retention()
    {
        var database = await servers.CreateDatabase();
        await using var record = await PostgresRecord.Open(database);
        await using var sql = new The_record(database);
        var (old, young) = (When_a_month_is_older_than_retention.MonthsAgo(3), record.Now);
        await Begin(record, old, Contents(), ended: true);
        await Begin(record, young, Contents(), ended: true);
        await record.Of<Partitions>().MakeAhead(CancellationToken.None);
        (await sql.Scalar<long>($"SELECT count(*) FROM content_{old:yyyy_MM}")).ShouldBe(1);

        await record.Of<Retention>().Apply(CancellationToken.None);

        (await sql.Scalar<bool>($"SELECT to_regclass('content_{old:yyyy_MM}') IS NULL")).ShouldBeTrue();
        (await sql.Scalar<long>("SELECT count(*) FROM content")).ShouldBe(1);
        (await sql.Scalar<long>("SELECT count(*) FROM notification")).ShouldBe(2, "the notifications have a retention of their own");
    }

    [Fact]
    public async Task Should_stay_while_somebody_may_still_have_to_be_told()
    {
        var database = await servers.CreateDatabase();
        await using var record = await PostgresRecord.Open(database);
        await using var sql = new The_record(database);
        var old = When_a_month_is_older_than_retention.MonthsAgo(3);
        await Begin(record, old, Contents());
        await record.Of<Partitions>().MakeAhead(CancellationToken.None);
        await record.Host.Unfinished.LookAtThoseOf(TimeSpan.FromMinutes(10), 1000, CancellationToken.None);

        await record.Of<Retention>().Apply(CancellationToken.None);

        (await sql.Scalar<long>("SELECT count(*) FROM content")).ShouldBe(1);
    }

    static PackedContents Contents() => new(Guid.NewGuid(), "k1", [1, 2, 3]);

    static Task<bool> Begin(
        PostgresRecord record,
        DateTimeOffset createdAt,
        PackedContents contents,
        int host = 0,
        Guid? id = null,
        bool ended = false
    ) =>
        (host == 0 ? record.Host : record.AnotherHost).Store.Insert(
            new NotificationStep(
                new NotificationState
                {
                    CorrelationId = id ?? Guid.CreateVersion7(),
                    CurrentState = ended ? "Delivered" : "Sending",
                    EventName = "order-placed",
                    Category = "order-placed",
                    Recipient = new Contact { Id = "seller-42" },
                    Data = JsonElement.Parse("{}"),
                    Contents = contents.Hash,
                    TemplateVersion = "0123456789ab",
                    CreatedAt = createdAt,
                    ExpiresAt = createdAt.AddDays(1),
                    CompletedAt = ended ? createdAt : null,
                },
                Guid.CreateVersion7(),
                []
            )
            {
                Contents = contents,
            },
            CancellationToken.None
        );
}
