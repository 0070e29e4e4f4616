using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using NotificationBus.Access;
using NotificationBus.Intake;
using NotificationBus.IntegrationTests.Servers;
using Npgsql;
using RabbitMQ.Client;

namespace NotificationBus.IntegrationTests;

/// <summary>
/// Two applications on one RabbitMQ and one PostgreSQL: whoever sends, by whatever way, sends for the application it belongs to, and not
/// for the one it says; and whoever reads with SQL reads one.
/// </summary>
[Collection(nameof(RabbitMqToHurt))]
public sealed class When_applications_share_servers(RabbitMqToHurt own)
{
    static readonly TimeSpan Soon = TimeSpan.FromMinutes(2);
    static readonly string Docker = Path.Combine(Repository.Root, "docker");
    static readonly string Script = Path.Combine(Docker, "rabbitmq-permissions.sh");
    static readonly string FirstKey = KeyText.New("first").Reveal();

    [Fact]
    public async Task Should_know_whose_each_is_whatever_anybody_says()
    {
        var rabbit = await own.Server;
        var broker = await rabbit.CreateVirtualHost();
        await using var postgres = await PostgresServer.Start();
        var database = await postgres.CreateDatabase();
        var asHost = await rabbit.CreateUser(Script, "host", "nb-host", broker);
        var asCup = await rabbit.CreateUser(Script, "producer", "cup", broker);
        await using var record = new The_record(database);
        var producer = new NpgsqlConnectionStringBuilder(database).Username!;
        await using var host = await HostInProcess.Start(
            asHost,
            database,
            new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["Auth:Mode"] = "Keys",
                ["Auth:FirstKey"] = FirstKey,
                ["Applications:cup:BusUsers"] = "cup",
                ["Applications:jar:BusUsers"] = "jar,other",
                ["Applications:jar:DatabaseUsers"] = producer,
                ["Intake:Sql:Enabled"] = "true",
            }
        );
        var jar = await KeyOf(host, "jar");
        await using var cup = await PlainAmqpProducer.Connect(asCup);

        // On the bus: the user that RabbitMQ has checked. Without one nobody knows, and the header is nobody's to write.
        await Publish(cup, "named", user: "cup");
        await Publish(cup, "unnamed", user: null);
        await Publish(cup, "named-and-forged", user: "cup", header: "jar");
        await Publish(cup, "unnamed-and-forged", user: null, header: "jar");
        // Over HTTP: the key. The host says so to itself, by way of the same exchange.
        await Post(host, jar, "over-http");
        await Post(host, jar, "named");
        // By SQL: the user of the database.
        await record.Scalar<string>($"SELECT notificationbus.publish('notification-requested', '{Body("by-sql")}')");
        await record.Until("SELECT count(*) FROM notification", 7, Soon);
        (
            await record.Scalar<string>(
                "SELECT string_agg(event_id || ' of ' || application, ', ' ORDER BY event_id, application) FROM notification_overview"
            )
        ).ShouldBe(
            "by-sql of jar, named of cup, named of jar, named-and-forged of cup, over-http of jar, unnamed of default, "
                + "unnamed-and-forged of default"
        );

        // What fails is replayed by the host, which is believed: so it is kept for whose it was.
        await Publish(cup, "failing", user: "cup", header: "jar", category: "nothing-like-it");
        await Publish(cup, "failing-unnamed", user: null, header: "jar", category: "nothing-like-it");
        await record.Until("SELECT count(*) FROM failed_message", 2, Soon);
        (
            await record.Scalar<string>(
                $"SELECT string_agg(coalesce(headers ->> '{ApplicationHeader.Name}', 'nobody'), ', ' "
                    + $"ORDER BY headers ->> '{ApplicationHeader.Name}') FROM failed_message"
            )
        ).ShouldBe("cup, nobody");

        // Whoever guesses the id of another's calls nothing off.
        var later = await Post(host, jar, "later", delay: "PT1H");
        await record.Until("SELECT count(*) FROM notification WHERE event_id = 'later'", 1, Soon);
        await Cancel(cup, later, "cup");
        await Cancel(cup, later, user: null, header: "jar");
        var cups = await Post(host, await KeyOf(host, "cup"), "cups", delay: "PT1H");
        await record.Until("SELECT count(*) FROM notification WHERE event_id = 'cups'", 1, Soon);
        // Behind the others in the same queue: when it is done, they are.
        await Cancel(cup, cups, "cup");
        await record.Until("SELECT count(*) FROM notification WHERE event_id = 'cups' AND state = 'Cancelled'", 1, Soon);
        (await record.Scalar<string>("SELECT state FROM notification WHERE event_id = 'later'")).ShouldBe("Sending");

        // Nobody says that he is the host.
        await Should.ThrowAsync<Exception>(() => Publish(cup, "as-host", user: "nb-host", header: "jar"));
        (await record.Scalar<long>("SELECT count(*) FROM notification WHERE event_id = 'as-host'")).ShouldBe(0);

        await ReadersReadTheirs(database, record);
    }

    static async Task ReadersReadTheirs(string database, The_record super)
    {
        await super.Execute(await File.ReadAllTextAsync(Path.Combine(Docker, "postgres-roles.sql")));
        var reader = await File.ReadAllTextAsync(Path.Combine(Docker, "postgres-application-reader.sql"));
        foreach (var application in (string[])["cup", "jar"])
        {
            await super.Execute($"SET notificationbus.application = '{application}';\n{reader}");
            await super.Execute($"SET notificationbus.application = '{application}';\n{reader}");
            await super.Execute($"ALTER ROLE notificationbus_read_{application} PASSWORD 'canary'");
        }

        await using var cup = new The_record(
            new NpgsqlConnectionStringBuilder(database)
            {
                Username = "notificationbus_read_cup",
                Password = "canary",
                // It may: what it must not, it must not all the same.
                Options = "-c default_transaction_read_only=off",
            }.ConnectionString
        );
        foreach (var view in (string[])["notification_overview", "delivery_overview"])
        {
            (await cup.Scalar<string>($"SELECT string_agg(DISTINCT application, ',') FROM {view}")).ShouldBe("cup");
            (await cup.Scalar<long>($"SELECT count(*) FROM {view}")).ShouldBe(
                await super.Scalar<long>($"SELECT count(*) FROM {view} WHERE application = 'cup'")
            );
        }

        (await cup.Scalar<long>("SELECT count(DISTINCT notification_id) FROM saga_step_overview")).ShouldBe(3);
        (await cup.Scalar<long>("SELECT count(*) FROM repair_effect")).ShouldBe(0);
        foreach (
            var sql in (string[])
                [
                    "SELECT * FROM public.notification",
                    "SELECT * FROM public.notification_overview",
                    "SELECT * FROM public.delivery_overview",
                    "SELECT * FROM public.saga_step_overview",
                    "SELECT * FROM public.ledger",
                    "SELECT * FROM public.failed_message",
                    "SELECT * FROM public.access_key",
                    "SELECT * FROM notificationbus_read_jar.notification_overview",
                    "SELECT application FROM public.notification_key",
                    "SET ROLE notificationbus_read_jar",
                    "SET ROLE notificationbus_run",
                    "SET SESSION AUTHORIZATION notificationbus_read_jar",
                    "DROP VIEW notificationbus_read_cup.notification_overview",
                    "CREATE OR REPLACE VIEW notificationbus_read_cup.notification_overview AS SELECT 1 AS id",
                    "UPDATE notificationbus_read_cup.notification_overview SET category = 'a'",
                ]
        )
            await Should.ThrowAsync<PostgresException>(() => cup.Execute(sql), sql);

        // A function of the reader's own, cheap as can be, is asked of no row that it may not see.
        await cup.Execute(
            """
            CREATE FUNCTION pg_temp.look(application text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS
                $f$ BEGIN IF application <> 'cup' THEN RAISE EXCEPTION 'saw %', application; END IF; RETURN true; END $f$;
            DO $do$ BEGIN PERFORM * FROM notificationbus_read_cup.notification_overview WHERE pg_temp.look(application); END $do$;
            """
        );
    }

    static string Body(string eventId, string category = "announcement", string? delay = null) =>
        Message(eventId, category, delay).ToJsonString();

    static JsonObject Message(string eventId, string category, string? delay)
    {
        var message = new JsonObject
        {
            ["eventId"] = eventId,
            ["category"] = category,
            ["recipient"] = new JsonObject { ["id"] = "buyer-7", ["email"] = "nok@example.com" },
            ["data"] = new JsonObject { ["title"] = "Sale", ["text"] = "Today" },
            ["channels"] = new JsonArray("email"),
        };
        if (delay is not null)
            message["delay"] = delay;
        return message;
    }

    static Task Publish(
        PlainAmqpProducer producer,
        string eventId,
        string? user,
        string? header = null,
        string category = "announcement"
    ) => Publish(producer, "NotificationRequested", Message(eventId, category, delay: null), user, header);

    static Task Cancel(PlainAmqpProducer producer, Guid id, string? user, string? header = null) =>
        Publish(
            producer,
            "CancelNotification",
            new JsonObject
            {
                ["notificationId"] = $"{id}",
                ["by"] = "somebody",
                ["why"] = "a test",
            },
            user,
            header
        );

    static Task Publish(PlainAmqpProducer producer, string name, JsonObject message, string? user, string? header)
    {
        var properties = new BasicProperties
        {
            ContentType = "application/vnd.masstransit+json",
            Persistent = true,
            Headers = header is null ? null : new Dictionary<string, object?> { [ApplicationHeader.Name] = header },
        };
        if (user is not null)
            properties.UserId = user;
        var envelope = new JsonObject
        {
            ["messageId"] = $"{Guid.CreateVersion7()}",
            ["messageType"] = new JsonArray($"urn:message:NotificationBus.Contracts:{name}"),
            ["message"] = message,
        };
        return producer.Publish($"NotificationBus.Contracts:{name}", properties, Encoding.UTF8.GetBytes(envelope.ToJsonString()));
    }

    static async Task<string> KeyOf(HostInProcess host, string application)
    {
        var made = await Send(host, "/v1/keys", FirstKey, $$"""{"application":"{{application}}","scopes":["send"],"why":"a test"}""");
        return made.GetProperty("key").GetString()!;
    }

    static async Task<Guid> Post(HostInProcess host, string key, string eventId, string? delay = null) =>
        (await Send(host, "/v1/notifications", key, Body(eventId, delay: delay))).GetProperty("id").GetGuid();

    static async Task<JsonElement> Send(HostInProcess host, string path, string key, string body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(path, UriKind.Relative));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await host.Client.SendAsync(request);
        var said = await answer.Content.ReadAsStringAsync();
        answer.IsSuccessStatusCode.ShouldBeTrue(said);
        return JsonElement.Parse(said);
    }
}
