using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using NotificationBus.Host;
using NotificationBus.IntegrationTests.Servers;
using Npgsql;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace NotificationBus.IntegrationTests;

/// <summary>D: who may publish may forge what hosts tell each other. The users that docker/ makes, and what they must not do.</summary>
[Collection(nameof(RabbitMqToHurt))]
public sealed class When_users_may_do_little(BusAndDatabase servers, RabbitMqToHurt own)
{
    const string Event = "NotificationBus.Contracts:OrderPlaced";

    static readonly TimeSpan Soon = TimeSpan.FromMinutes(2);
    static readonly string Docker = Path.Combine(Repository.Root, "docker");
    static readonly string Script = Path.Combine(Docker, "rabbitmq-permissions.sh");

    [Fact]
    public async Task Should_let_a_producer_publish_and_hear_and_nothing_else()
    {
        var rabbit = await own.Server;
        var broker = await rabbit.CreateVirtualHost();
        var database = await servers.CreateDatabase();
        var asHost = await rabbit.CreateUser(Script, "host", "nb-host", broker);
        await using var host = await HostInProcess.Start(asHost, database);
        var asProducer = await rabbit.CreateUser(Script, "producer", "shop", broker);
        await using var connection = await new ConnectionFactory { Uri = asProducer }.CreateConnectionAsync();

        // What it is for.
        await using (var channel = await Confirming(connection))
        {
            await channel.ExchangeDeclareAsync(Event, ExchangeType.Fanout, durable: true);
            await channel.QueueDeclareAsync("shop-outcomes", durable: true, exclusive: false, autoDelete: false);
            await channel.QueueBindAsync("shop-outcomes", "NotificationBus.Contracts:NotificationDelivered", routingKey: "");
            await channel.BasicPublishAsync(
                Event,
                routingKey: "",
                mandatory: true,
                new BasicProperties { ContentType = Readme.Word("application/vnd."), Persistent = true },
                Encoding.UTF8.GetBytes(Readme.Envelope)
            );
            var waiting = Stopwatch.StartNew();
            BasicGetResult? heard;
            while ((heard = await channel.BasicGetAsync("shop-outcomes", autoAck: true)) is null)
            {
                waiting.Elapsed.ShouldBeLessThan(Soon);
                await Task.Delay(20);
            }

            Encoding.UTF8.GetString(heard.Body.Span).ShouldContain("NotificationDelivered");
        }

        // What it must not.
        foreach (
            var exchange in (string[])
                [
                    "notifications",
                    "notifications-bulk",
                    "send-email",
                    "send-push-bulk",
                    "receipts",
                    "notifications-failed",
                    "NotificationBus.Contracts:SendDelivery",
                    "NotificationBus.Contracts:DeliverySent",
                    "NotificationBus.Contracts:NotificationDelivered",
                    "MassTransit:Fault--NotificationBus.Contracts:SendDelivery--",
                    "", // The default exchange leads to every queue.
                ]
        )
            await Refused(
                connection,
                $"publish to {exchange}",
                channel => channel.BasicPublishAsync(exchange, "notifications", mandatory: false, Encoding.UTF8.GetBytes("{}")).AsTask()
            );
        foreach (var queue in (string[])["notifications", "send-email", "receipts", "notifications-failed", "notifications-dead-letters"])
        {
            await Refused(connection, $"read {queue}", channel => channel.BasicGetAsync(queue, autoAck: false));
            await Refused(connection, $"purge {queue}", channel => channel.QueuePurgeAsync(queue));
            await Refused(connection, $"delete {queue}", channel => channel.QueueDeleteAsync(queue));
        }

        await Refused(
            connection,
            "declare another's queue",
            channel => channel.QueueDeclareAsync("other", durable: true, exclusive: false, autoDelete: false)
        );
        await Refused(connection, "listen to events", channel => channel.QueueBindAsync("shop-outcomes", Event, ""));
        await Refused(
            connection,
            "lead outcomes into a host's queue",
            channel => channel.QueueBindAsync("send-email", "NotificationBus.Contracts:NotificationDelivered", "")
        );
        await Refused(connection, "lead events past a host", channel => channel.ExchangeBindAsync("send-email", Event, ""));

        // The reader of queues reads no message.
        var asReader = await rabbit.CreateUser(Script, "reader", "watcher", broker);
        await using var reading = await new ConnectionFactory { Uri = asReader }.CreateConnectionAsync();
        await Refused(reading, "read", channel => channel.BasicGetAsync("notifications", autoAck: false));
        await Refused(
            reading,
            "publish",
            channel => channel.BasicPublishAsync(Event, "", mandatory: false, Encoding.UTF8.GetBytes("{}")).AsTask()
        );
        await Refused(reading, "declare", channel => channel.QueueDeclareAsync("mine", durable: true, exclusive: false, autoDelete: false));
        await Refused(reading, "delete", channel => channel.QueueDeleteAsync("notifications"));
    }

    /// <summary>Its permission is for an exchange, and the body names what it likes.</summary>
    [Fact]
    public async Task Should_believe_no_producer_that_says_what_hosts_tell_each_other()
    {
        var rabbit = await own.Server;
        var broker = await rabbit.CreateVirtualHost();
        var database = await servers.CreateDatabase();
        await using var record = new The_record(database);
        await using var host = await HostInProcess.Start(await rabbit.CreateUser(Script, "host", "nb-host-2", broker), database);
        using var answer = await host.Client.PostAsJsonAsync(
            "/v1/notifications",
            new
            {
                category = "announcement",
                channels = (string[])["email"],
                recipient = new { id = "buyer-7", email = "buyer@example.com" },
                data = new { title = "Tomorrow", text = "Not before." },
                delay = "PT24H",
            }
        );
        answer.IsSuccessStatusCode.ShouldBeTrue(await answer.Content.ReadAsStringAsync());
        await record.Some("SELECT count(*) FROM notification_overview", Soon);
        var id = await record.Scalar<Guid>("SELECT id FROM notification_overview");
        var state = await record.Scalar<string>("SELECT status FROM notification_overview");
        var about = $"\"notificationId\": \"{id}\", \"deliveryId\": \"{Guid.NewGuid()}\"";

        await using var connection = await new ConnectionFactory
        {
            Uri = await rabbit.CreateUser(Script, "producer", "forger", broker),
        }.CreateConnectionAsync();
        await using var channel = await Confirming(connection);
        (string Type, string Message)[] forged =
        [
            ("NotificationBus.Contracts:DeliverySent", $"{{ {about}, \"provider\": \"smtp\" }}"),
            ("NotificationBus.Contracts:DeliveryFailed", $"{{ {about}, \"reason\": \"made up\" }}"),
            (
                "NotificationBus.Receipts:DeliveryReceiptReceived",
                $"{{ {about}, \"provider\": \"smtp\", \"kind\": 4, \"at\": \"2026-12-01T00:00:00Z\" }}"
            ),
            ("NotificationBus.Saga:EscalationDue", $"{{ {about} }}"),
        ];
        foreach (var (type, message) in forged)
            await channel.BasicPublishAsync(
                Event,
                routingKey: "",
                mandatory: true,
                new BasicProperties { ContentType = Readme.Word("application/vnd."), Persistent = true },
                Encoding.UTF8.GetBytes(
                    $$"""{ "messageId": "{{Guid.NewGuid()}}", "messageType": ["urn:message:{{type}}"], "message": {{message}} }"""
                )
            );

        await record.Some($"SELECT count(*) / {forged.Length} FROM failed_message", Soon);
        (await record.Scalar<long>("SELECT count(*) FROM failed_message WHERE reason LIKE '%is taken from hosts alone%'")).ShouldBe(
            forged.Length,
            await record.Scalar<string>("SELECT string_agg(reason, '; ') FROM failed_message")
        );
        (await record.Scalar<string>("SELECT status FROM notification_overview")).ShouldBe(state);
        (await record.Scalar<long>("SELECT count(*) FROM delivery_attempt")).ShouldBe(0);
    }

    [Fact]
    public async Task Should_refuse_a_producer_whose_queues_would_be_those_of_another()
    {
        var rabbit = await own.Server;
        var broker = await rabbit.CreateVirtualHost();
        await rabbit.CreateUser(Script, "producer", "stall", broker);
        // Once more is once more.
        await rabbit.CreateUser(Script, "producer", "stall", broker);

        foreach (var name in (string[])["send", "notifications", "receipts", "send-email", "stall-eu", "guest"])
            (await Should.ThrowAsync<Exception>(() => rabbit.CreateUser(Script, "producer", name, broker), name)).Message.ShouldContain(
                "choose another name"
            );
        await rabbit.CreateUser(Script, "producer", "kiosk-eu", broker);
        (await Should.ThrowAsync<Exception>(() => rabbit.CreateUser(Script, "producer", "kiosk", broker))).Message.ShouldContain(
            "kiosk-eu"
        );
    }

    [Fact]
    public async Task Should_run_hosts_that_may_not_change_a_table()
    {
        var broker = await servers.CreateVirtualHost();
        await using var postgres = await PostgresServer.Start();
        var database = await postgres.CreateDatabase();
        var roles = await File.ReadAllTextAsync(Path.Combine(Docker, "postgres-roles.sql"));
        await using var super = new The_record(database);
        await super.Execute(roles);
        foreach (var role in (string[])["migrate", "run", "read", "produce"])
            await super.Execute($"ALTER ROLE notificationbus_{role} PASSWORD 'canary'");

        await using var output = new StringWriter();
        (
            await NotificationHost.Run(
                [
                    "migrate",
                    "--Transport=RabbitMq",
                    $"--ConnectionStrings:RabbitMq={broker}",
                    $"--ConnectionStrings:Postgres={As("migrate")}",
                ],
                output,
                output
            )
        ).ShouldBe(0, $"{output}");
        await super.Execute(roles);

        await using (
            var host = await HostInProcess.Start(
                broker,
                As("run"),
                new Dictionary<string, string>(StringComparer.Ordinal) { ["Postgres:Migrate"] = "false", ["Intake:Sql:Enabled"] = "true" }
            )
        )
        {
            using var content = new StringContent(Readme.CurlBody, Encoding.UTF8, "application/json");
            using var answer = await host.Client.PostAsync(new Uri("/v1/events/order-placed", UriKind.Relative), content);
            answer.StatusCode.ShouldBe(HttpStatusCode.Accepted);
            await super.UntilDelivered(1, Soon);
            await using (var producer = new The_record(As("produce")))
                await producer.Scalar<string>(
                    $"SELECT notificationbus.publish('order-placed', '{Readme.CurlBody.Replace("4711", "4712", StringComparison.Ordinal)}')"
                );
            await super.UntilDelivered(2, Soon);
            using var set = await host.Client.PutAsync(
                new Uri("/v1/channels/email", UriKind.Relative),
                new StringContent("""{"paused":true,"by":"ann","why":"a test"}""", Encoding.UTF8, "application/json")
            );
            set.StatusCode.ShouldBe(HttpStatusCode.OK);
        }

        await Refused("run", "CREATE TABLE mine (a int)");
        await Refused("run", "DROP TABLE notification");
        await Refused("run", "ALTER TABLE notification ADD COLUMN mine int");
        await Refused("run", "TRUNCATE notification");
        await Refused("run", "CREATE OR REPLACE VIEW ledger AS SELECT 1 AS hour");
        await Refused("run", "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'");
        await Refused("run", "DELETE FROM \"__EFMigrationsHistory\"");
        await Refused("run", "CREATE ROLE mine");
        await Refused("run", "COPY notification TO PROGRAM 'cat'");
        foreach (
            var table in (string[])
                [
                    "notification",
                    "content",
                    "access_key",
                    "failed_message",
                    "failed_message_edit",
                    "outgoing_message",
                    "control_change",
                    "subscription",
                    "subscription_delivery",
                    "event_stream",
                    "stream_event",
                ]
        )
            await Refused("read", $"SELECT * FROM {table}");
        await Refused("read", "UPDATE notification SET state = 'Delivered'");
        await Refused("read", "SET default_transaction_read_only = off; INSERT INTO access_key (id) VALUES ('a')");
        await Refused("migrate", "CREATE ROLE mine SUPERUSER");
        await Refused(
            "run",
            "CREATE OR REPLACE FUNCTION notificationbus.publish(text, jsonb, text) RETURNS text LANGUAGE sql AS 'SELECT $1'"
        );
        await Refused("read", "SELECT notificationbus.publish('order-placed', '{}')");
        foreach (
            var sql in (string[])
                [
                    "SELECT * FROM public.intake_event",
                    "INSERT INTO public.intake_event (id, event_type, event, producer) VALUES (gen_random_uuid(), 'a', '{}', 'b')",
                    "UPDATE public.intake_event SET due_at = 'infinity'",
                    "DELETE FROM public.intake_event",
                    "TRUNCATE public.intake_event",
                    "UPDATE public.intake_watch SET most_bytes = 0",
                    "SELECT * FROM public.notification",
                    "SELECT * FROM public.notification_overview",
                    "SELECT * FROM public.ledger",
                    "SELECT * FROM public.access_key",
                    "INSERT INTO public.outgoing_message (message_id) VALUES (gen_random_uuid())",
                    "SELECT public.event_reference('a')",
                    "SELECT public.keep_not_delivered()",
                    "CREATE TABLE public.mine (a int)",
                    "CREATE TABLE notificationbus.mine (a int)",
                    "CREATE FUNCTION notificationbus.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
                    "DROP FUNCTION notificationbus.publish(text, jsonb, text)",
                    "ALTER FUNCTION notificationbus.publish(text, jsonb, text) SECURITY INVOKER",
                    "CREATE ROLE mine",
                    "SET ROLE notificationbus_run",
                    "COPY (SELECT 1) TO PROGRAM 'cat'",
                ]
        )
            await Refused("produce", sql);
        // What it calls is not what the caller has put in its way.
        await using (var producer = new The_record(As("produce")))
            await producer.Scalar<string>(
                """
                CREATE TEMPORARY TABLE intake_watch (awake_until timestamptz, most_bytes bigint);
                CREATE FUNCTION pg_temp.gen_random_uuid() RETURNS uuid LANGUAGE sql AS 'SELECT NULL::uuid';
                SET search_path = pg_temp, public;
                SELECT notificationbus.publish('order-placed', '{}');
                """
            );
        (await super.Scalar<long>("SELECT count(*) FROM intake_event WHERE producer = 'notificationbus_produce'")).ShouldBe(1);

        await using var reader = new The_record(As("read"));
        (await reader.Notifications()).ShouldBe(2);
        (await reader.Deliveries()).ShouldBe(4);
        (await reader.Scalar<long>("SELECT count(*) FROM ledger")).ShouldBeGreaterThan(0);
        // Those of the queries of docs/questions.md and docs/operating.md.
        foreach (var view in (string[])["decision", "held_notification", "notification_reference", "delivery_attempt"])
            await reader.Scalar<long>($"SELECT count(*) FROM {view}");

        string As(string role) =>
            new NpgsqlConnectionStringBuilder(database) { Username = $"notificationbus_{role}", Password = "canary" }.ConnectionString;

        async Task Refused(string role, string sql)
        {
            await using var record = new The_record(As(role));
            (await Should.ThrowAsync<PostgresException>(() => record.Execute(sql), $"{role}: {sql}")).SqlState.ShouldBeOneOf(
                "42501",
                "25006"
            );
        }
    }

    [Fact]
    public async Task Should_take_over_what_a_superuser_has_made_and_nothing_of_others()
    {
        var broker = await servers.CreateVirtualHost();
        await using var postgres = await PostgresServer.Start();
        var database = await postgres.CreateDatabase();
        await using var output = new StringWriter();
        (
            await NotificationHost.Run(
                ["migrate", "--Transport=RabbitMq", $"--ConnectionStrings:RabbitMq={broker}", $"--ConnectionStrings:Postgres={database}"],
                output,
                output
            )
        ).ShouldBe(0, $"{output}");
        await using var super = new The_record(database);
        await super.Execute(
            """
            CREATE ROLE shop;
            CREATE TABLE public.orders (id int);
            ALTER TABLE public.orders OWNER TO shop;
            CREATE FUNCTION public.cancel(int) RETURNS int LANGUAGE sql AS 'SELECT $1';
            ALTER FUNCTION public.cancel(int) OWNER TO shop;
            """
        );

        await super.Execute(await File.ReadAllTextAsync(Path.Combine(Docker, "postgres-roles.sql")));

        (
            await super.Scalar<string>(
                """
                SELECT string_agg(name, ', ' ORDER BY name) FROM (
                    SELECT relname::text FROM pg_class
                    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v')
                        AND relowner <> 'notificationbus_migrate'::regrole
                    UNION ALL
                    SELECT proname::text FROM pg_proc
                    WHERE pronamespace IN ('public'::regnamespace, 'notificationbus'::regnamespace)
                        AND proowner <> 'notificationbus_migrate'::regrole) AS others (name)
                """
            )
        ).ShouldBe("cancel, orders");
        (
            await super.Scalar<bool>(
                """
                SELECT has_table_privilege('notificationbus_run', 'notification', 'INSERT')
                    AND NOT has_table_privilege('notificationbus_run', 'orders', 'SELECT')
                """
            )
        ).ShouldBeTrue();
    }

    /// <summary>Each on a channel of its own: a refusal closes it.</summary>
    static async Task Refused(IConnection connection, string what, Func<IChannel, Task> act)
    {
        await using var channel = await Confirming(connection);
        Exception? refusal = null;
        try
        {
            await act(channel);
        }
        catch (Exception exception)
        {
            refusal = exception;
        }

        refusal.ShouldNotBeNull(what);
        var reason = (refusal as OperationInterruptedException)?.ShutdownReason ?? channel.CloseReason;
        reason.ShouldNotBeNull($"{what}: {refusal}").ReplyCode.ShouldBe((ushort)403, $"{what}: {refusal}");
    }

    static Task<IChannel> Confirming(IConnection connection) =>
        connection.CreateChannelAsync(
            new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true)
        );
}
