using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using NotificationBus.Model;
using NotificationBus.Postgres;

namespace NotificationBus.IntegrationTests;

/// <summary>Notifications of the version that kept all of them in one table.</summary>
[Trait("Server", "PostgreSQL")]
public sealed class When_an_older_database_is_brought_up_to_date(BusAndDatabase servers)
{
    const string BeforePartitions = "20261121000700_SuppressedCategories";
    const string BeforeApplications = "20261202140000_TemplateVersions";

    // Longer than it takes the sweep to look a second time.
    static readonly TimeSpan Soon = TimeSpan.FromMinutes(3);

    static readonly Guid Ended = Guid.Parse("11111111-1111-4111-8111-111111111111");
    static readonly Guid Unfinished = Guid.Parse("22222222-2222-4222-8222-222222222222");
    static readonly Guid Ahead = Guid.Parse("33333333-3333-4333-8333-333333333333");
    static readonly Guid OfNone = Guid.Parse("44444444-4444-4444-8444-444444444444");

    [Fact]
    public async Task Should_still_find_what_has_ended_and_end_what_has_not()
    {
        var (broker, database) = await servers.CreateBothEmpty();
        await CreateOld(database);
        await using var record = new The_record(database);

        await using var host = await HostInProcess.Start(
            broker,
            database,
            new Dictionary<string, string>(StringComparer.Ordinal) { ["Sweep:After"] = "00:01:00" }
        );

        (await Ask(host, Ended)).GetProperty("status").GetString().ShouldBe("delivered");
        (await Ask(host, Ended)).GetProperty("deliveries")[0].GetProperty("attempts").GetArrayLength().ShouldBe(1);
        (await Ask(host, Ahead)).GetProperty("status").GetString().ShouldBe("delivered");
        // The sweep had kept it in mind, and finds it.
        await record.Until($"SELECT count(*) FROM notification_overview WHERE id = '{Unfinished}' AND status = 'delivered'", 1, Soon);
        (
            await record.Scalar<string>(
                $"SELECT string_agg(number || status, ',' ORDER BY number) FROM delivery_attempt WHERE notification_id = '{Unfinished}'"
            )
        ).ShouldBe("1Unavailable,2Accepted");
        (await record.Notifications()).ShouldBe(3);
    }

    [Fact]
    public async Task Should_leave_the_notifications_where_they_are_and_grant_no_call_twice()
    {
        var database = await servers.CreateEmptyDatabase();
        await CreateOld(database);
        await using var sql = new The_record(database);
        var file = await sql.Scalar<string>("SELECT pg_relation_filepath('notification')");

        await using var record = await PostgresRecord.Open(database);

        var now = TimeProvider.System.GetUtcNow();
        (await sql.Scalar<string>($"SELECT pg_relation_filepath('notification_{now:yyyy_MM}')")).ShouldBe(file);
        (await sql.Scalar<Guid[]>($"SELECT array_agg(id ORDER BY id) FROM notification_{now:yyyy_MM}")).ShouldBe([Ended, Unfinished]);
        (await sql.Scalar<Guid[]>($"SELECT array_agg(id) FROM notification_{now.AddMonths(14):yyyy_MM}")).ShouldBe([Ahead]);
        (await sql.Scalar<long>("SELECT count(*) FROM notification_default")).ShouldBe(0);
        (await sql.Scalar<Guid[]>("SELECT array_agg(notification_id) FROM delivery_attempt_default")).ShouldBe([OfNone]);
        foreach (var id in new[] { Ended, Unfinished, Ahead, OfNone })
            (
                await record.Host.Ledger.Claim(
                    When_partitions_are_made.Call(id),
                    "som@example.com",
                    "order-placed",
                    Soon,
                    CancellationToken.None
                )
            ).Earlier.ShouldHaveSingleItem();

        // Nothing of the month is old enough, but all of it goes when it is.
        (
            await sql.Scalar<string>($"SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE relname = 'notification_{now:yyyy_MM}'")
        ).ShouldStartWith("FOR VALUES FROM (MINVALUE) TO ('");
        // Each month has its place for the steps to come.
        (
            await sql.Scalar<long>(
                """
                SELECT count(*) FROM pg_inherits n JOIN pg_class m ON m.oid = n.inhrelid
                WHERE n.inhparent = 'notification'::regclass AND to_regclass(replace(m.relname, 'notification_', 'saga_step_')) IS NULL
                """
            )
        ).ShouldBe(0);
        (await record.Host.Queries.StepsOf(Ended, CancellationToken.None))!
            .ShouldHaveSingleItem()
            .Derived.ShouldBe("an earlier version made it, which kept no steps");
        (await record.Host.Ledger.FindByMessage("smtp", $"theirs-{Ended}", CancellationToken.None))!.Status.ShouldBe(
            AttemptStatus.Accepted
        );
    }

    /// <summary>Nobody named an application then: what was of one's own is not of all's now.</summary>
    [Fact]
    public async Task Should_give_subscriptions_and_repairs_of_before_to_the_application_that_was_there()
    {
        var database = await servers.CreateEmptyDatabase();
        await Migrate(database, BeforeApplications);
        await using var sql = new The_record(database);
        var (before, after) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        await WriteAsThen(before);

        await using var record = await PostgresRecord.Open(database);
        // A host of before that still runs.
        await WriteAsThen(after);

        (await record.Host.Subscribers.Load(CancellationToken.None)).Select(one => one.Application).ShouldBe(["default", "default"]);
        foreach (var id in new[] { before, after })
            (await record.Host.Repairs.Find(id, CancellationToken.None))!.Application.ShouldBe("default");

        async Task WriteAsThen(Guid id)
        {
            await sql.Execute(
                $"INSERT INTO subscription (id, url, events, categories, secret) VALUES ('{id}', 'https://a.example', '{{}}', '{{}}', '')"
            );
            await sql.Execute(
                $"INSERT INTO repair (id, who, why, filter, is_complete, per_second) VALUES ('{id}', 'ann', 'a test', '{{}}', true, 1)"
            );
        }
    }

    static async Task Migrate(string database, string until)
    {
        // As hosts do: a user of the name of a schema would have the tables there.
        await using var context = new NotificationBusDbContext(
            new DbContextOptionsBuilder<NotificationBusDbContext>().UseNpgsql($"{database};Search Path=public").Options
        );
        await context.GetService<IMigrator>().MigrateAsync(until);
    }

    static async Task<JsonElement> Ask(HostInProcess host, Guid id) =>
        await host.Client.GetFromJsonAsync<JsonElement>(new Uri($"/v1/notifications/{id}", UriKind.Relative));

    static async Task CreateOld(string database)
    {
        await Migrate(database, BeforePartitions);

        await using var record = new The_record(database);
        await record.Execute(Notification(Ended, "Delivered", "Sent", "now() - interval '70 days'"));
        await record.Execute(Notification(Unfinished, "Sending", "Sending", "now() - interval '1 hour'"));
        await record.Execute(Notification(Ahead, "Delivered", "Sent", "now() + interval '14 months'"));
        await record.Execute(Attempt(Ended, "Accepted"));
        await record.Execute(Attempt(Unfinished, "Unavailable"));
        await record.Execute(Attempt(Ahead, "Accepted"));
        await record.Execute(Attempt(OfNone, "Accepted"));
        await record.Execute(
            $"INSERT INTO unfinished_notification (id, look_again_at) VALUES ('{Unfinished}', now()), ('{OfNone}', now())"
        );
    }

    static string Notification(Guid id, string state, string status, string createdAt) =>
        $$$"""
            INSERT INTO notification (id, state, version, event_name, category, recipient_id, recipient, data, mode, deliveries, decisions,
                taken_inputs, created_at, expires_at, changed_at, completed_at)
            VALUES ('{{{id}}}', '{{{state}}}', 1, 'order-placed', 'order-placed', 'seller-42',
                '{"id":"seller-42","email":"som@example.com"}',
                '{"orderId":"4711","product":"Blue ceramic bowl","total":{"amount":590,"currency":"THB"},
                "buyer":{"id":"buyer-7","name":"Nok"}}', 'AllAtOnce',
                '[{"id":"{{{id}}}","channel":"email","address":"som@example.com","step":0,
                "status":"{{{status}}}","attempts":0,"reopened":0}]',
                '["email: used"]', '{}', {{{createdAt}}}, now() + interval '1 day', {{{createdAt}}}, {{{(
                state == "Delivered" ? createdAt : "NULL"
            )}}})
            """;

    static string Attempt(Guid id, string status) =>
        $"""
            INSERT INTO delivery_attempt (delivery_id, number, notification_id, channel, provider, status, provider_message_id, started_at,
                lease_until, finished_at)
            VALUES ('{id}', 1, '{id}', 'email', 'smtp', '{status}', {(
                status == "Accepted" ? $"'theirs-{id}'" : "NULL"
            )}, now() - interval '1 hour', now() - interval '1 hour', now() - interval '1 hour')
            """;
}
