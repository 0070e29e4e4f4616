using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using NotificationBus.Failures;
using NotificationBus.Notifications;
using NotificationBus.Postgres;
using NotificationBus.Sending;

namespace NotificationBus.IntegrationTests;

[Trait("Server", "PostgreSQL")]
public sealed class When_operators_ask_much(BusAndDatabase servers)
{
    const string BeforeHeld = "20261121000900_Cancellations";

    // All the connections they have.
    const int Operators = 5;

    static readonly TimeSpan Soon = TimeSpan.FromMinutes(3);

    static readonly NotificationFilter Held = new() { Status = "held", Limit = 50 };

    [Fact]
    public async Task Should_read_only_what_is_held_to_list_it()
    {
        var database = await servers.CreateDatabase();
        await using var record = await PostgresRecord.Open(database);
        await using var sql = new The_record(database);
        await sql.Execute(Notifications(3000));
        await sql.Execute("UPDATE notification SET state = 'Held' WHERE event_id IN ('1', '1500', '3000')");
        await sql.Execute("UPDATE notification SET state = 'Delivered' WHERE event_id = '1500'");

        var found = await record.Of<INotificationQueries>().Search(Held, CancellationToken.None);

        found.Notifications.Select(notification => notification.Recipient).ShouldBe(["recipient-3000", "recipient-1"]);
        (await Explain(record, database, Held)).ShouldNotContain("Rows Removed by Filter");
        (await Explain(record, database, Held with { Status = "delivered" })).ShouldContain(
            "Rows Removed by Filter",
            customMessage: "so many there would have been"
        );
    }

    [Fact]
    public async Task Should_list_what_an_older_version_held()
    {
        var database = await servers.CreateEmptyDatabase();
        await using (
            var context = new NotificationBusDbContext(new DbContextOptionsBuilder<NotificationBusDbContext>().UseNpgsql(database).Options)
        )
            await context.GetService<IMigrator>().MigrateAsync(BeforeHeld);
        await using var sql = new The_record(database);
        await sql.Execute(Notifications(3));
        await sql.Execute("UPDATE notification SET state = 'Held' WHERE event_id = '2'");

        await using var record = await PostgresRecord.Open(database);

        (await record.Of<INotificationQueries>().Search(Held, CancellationToken.None))
            .Notifications.ShouldHaveSingleItem()
            .Recipient.ShouldBe("recipient-2");
    }

    [Fact]
    public async Task Should_have_no_index_for_it_that_every_step_would_have_to_keep()
    {
        await using var sql = new The_record(await servers.CreateDatabase());

        (
            await sql.Scalar<string>(
                """
                SELECT string_agg(DISTINCT attname, ' ') FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY(indkey)
                    WHERE indrelid = 'notification'::regclass
                """
            )
        ).ShouldBe("created_at id recipient_id");
        (
            await sql.Scalar<long>(
                "SELECT count(*) FROM pg_index WHERE indrelid = 'notification'::regclass AND (indpred IS NOT NULL OR indexprs IS NOT NULL)"
            )
        ).ShouldBe(0);
    }

    [Fact]
    public async Task Should_keep_no_recipient_waiting_who_unsubscribes()
    {
        var database = await servers.CreateDatabase();
        await using var record = await PostgresRecord.Open(database);
        await using var sql = new The_record(database);
        await using var somebody = await sql.Hold("failed_message");
        var asked = Enumerable
            .Range(0, Operators)
            .Select(_ => record.Of<IFailedMessages>().Causes(limit: 10, CancellationToken.None))
            .ToList();
        await sql.Until(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
            Operators,
            Soon
        );

        var unsubscribed = record
            .Of<ISuppressions>()
            .Add(new Suppression("email", "som@example.com", "announcement", "unsubscribed", "recipient"), CancellationToken.None);

        (await unsubscribed.WaitAsync(Soon)).ShouldBeTrue();
        asked.ShouldAllBe(question => !question.IsCompleted);
        await somebody.DisposeAsync();
        await Task.WhenAll(asked);
    }

    static string Notifications(int count) =>
        $$"""
            INSERT INTO notification (id, state, version, event_name, event_id, category, recipient_id, recipient, data, mode, deliveries,
                decisions, taken_inputs, created_at, expires_at, changed_at)
            SELECT gen_random_uuid(), 'Sending', 1, 'order-placed', i, 'order-placed', 'recipient-' || i, '{}', '{}', 'AllAtOnce', '[]',
                '[]', '{}', now() + i * interval '1 microsecond', now(), now()
            FROM generate_series(1, {{count}}) AS i
            """;

    static async Task<string> Explain(PostgresRecord record, string database, NotificationFilter filter)
    {
        using var statements = new Statements_of_EF_Core();
        await record.Of<INotificationQueries>().Search(filter, CancellationToken.None);
        statements.All.ShouldNotBeEmpty();
        var plans = new List<string>();
        foreach (var statement in statements.All)
            plans.Add(await Statements_of_EF_Core.Explain(database, statement));
        return string.Join('\n', plans);
    }
}
