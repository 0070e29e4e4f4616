using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using NotificationBus.Emulators;
using NotificationBus.IntegrationTests.Servers;
using NotificationBus.Receipts;
using NotificationBus.Tests.Channels.Http;
using NotificationBus.Tests.Host;
using RabbitMQ.Client;

namespace NotificationBus.IntegrationTests;

/// <summary>
/// Bad inputs, section 2, 25: a person goes through all that is kept, and is erased. Every column of every table is looked through, those
/// that are added later as well.
/// </summary>
public sealed class When_a_person_is_erased(BusAndDatabase servers)
{
    static readonly TimeSpan Soon = TimeSpan.FromMinutes(2);

    // Of these somebody has thought: no word of a person comes into them.
    static readonly string[] OfNobody =
    [
        "__EFMigrationsHistory.*",
        "access_key.*",
        "channel_control.*",
        "erasure_key.*",
        "inbox.*",
        "notification_key.*",
        "notification_not_delivered.*",
        "notification_range.*",
        "provider_control.*",
        "provider_health.*",
        "provider_slot.*",
        "record_reading.*",
        "repair_item.*",
        "subscription.*",
        "event_type_control.*",
        "template_deployment.*",
        "template_version.*",
        // By the application and a business key, which are not a person's: it keeps what is yet to come from being sent.
        "withdrawal.*",
        // A hash, for two days.
        "daily_count.*",
    ];

    // What the person was in before, so that the look is known to see it; and the rest of what may hold words.
    static readonly string[] OfPeople =
    [
        "caught_delivery.delivery",
        "content.body",
        "content.key_id",
        "control_change.after",
        "control_change.before",
        "control_change.code",
        "control_change.decides",
        "control_change.on_behalf_of",
        "control_change.subject",
        "control_change.who",
        "control_change.why",
        "delivery_attempt.channel",
        "delivery_attempt.provider",
        "delivery_attempt.provider_message_id",
        "delivery_attempt.reason",
        "delivery_attempt.status",
        "delivery_attempt.template_version",
        "delivery_attempt.trace_parent",
        "event_stream.application",
        "event_stream.category",
        "event_stream.events",
        "event_stream.key_name",
        "event_stream.key_value",
        "event_stream.recipient",
        "failed_message.body",
        "failed_message.cause",
        "failed_message.content_type",
        "failed_message.destination",
        "failed_message.exception_type",
        "failed_message.headers",
        "failed_message.kind",
        "failed_message.message_id",
        "failed_message.message_types",
        "failed_message.queue",
        "failed_message.reason",
        "failed_message.replayed_by",
        "failed_message.state",
        "failed_message_edit.body",
        "failed_message_edit.on_behalf_of",
        "failed_message_edit.who",
        "failed_message_edit.why",
        // On their way: taken within seconds, and then a notification. Whoever erases while one is there erases once more.
        "intake_event.event",
        "intake_event.event_type",
        "intake_event.producer",
        "notification.application",
        "notification.category",
        "notification.data",
        "notification.decisions",
        "notification.deliveries",
        "notification.escalate_unless",
        "notification.event_id",
        "notification.event_name",
        "notification.extras",
        "notification.keys",
        "notification.left_out",
        "notification.metadata",
        "notification.mode",
        "notification.recipient",
        "notification.recipient_id",
        "notification.refusal",
        "notification.requested_channels",
        "notification.state",
        "notification.template_version",
        "outgoing_message.body",
        "outgoing_message.content_type",
        "outgoing_message.destination",
        "outgoing_message.headers",
        "outgoing_message.message_types",
        "outgoing_message.waits_for",
        "repair.application",
        "repair.filter",
        "repair.note",
        "repair.on_behalf_of",
        "repair.state",
        "repair.who",
        "repair.why",
        "saga_step.before",
        "saga_step.caused",
        "saga_step.changes",
        "saga_step.message",
        "saga_step.state_after",
        "saga_step.state_before",
        "stream_event.data",
        "stream_event.type",
        "subscription_delivery.data",
        "subscription_delivery.status",
        "subscription_delivery.tries",
        "subscription_delivery.type",
        "suppressed_address.address",
        "suppressed_address.category",
        "suppressed_address.channel",
        "suppressed_address.reason",
        "suppressed_address.source",
    ];

    readonly string _mark = $"canary{Guid.NewGuid().ToString("N")[..10]}";

    string Person => $"{_mark}-id";

    string Mailbox => $"{_mark}@example.org";

    [Fact]
    public async Task Should_be_in_no_column_of_any_table()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var record = new The_record(database);
        await using var mail = new ScriptedHttpServer();
        mail.Answers("200 OK");
        var settings = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Channels:email:Providers"] = "mail",
            ["Providers:mail:Type"] = "http",
            ["Providers:mail:Url"] = $"{mail.Url}",
            ["Channels:push:Providers"] = "sandbox",
            ["EventTypes:announcement:OnInDoubt"] = "Hold",
            ["Inbox"] = "true",
        };
        await using var host = await HostInProcess.Start(broker, database, settings);
        using (
            var subscribed = await host.Client.PostAsJsonAsync(
                "/v1/subscriptions",
                new
                {
                    url = "https://example.com/hook",
                    events = (string[])["notification.delivered", "delivery.sent", "notification.cancelled"],
                    by = "ann",
                    why = "a test",
                }
            )
        )
            subscribed.StatusCode.ShouldBe(HttpStatusCode.Created, await subscribed.Content.ReadAsStringAsync());
        // Somebody looks at the inbox, or sandboxes write nothing.
        await host.Client.GetStringAsync("/inbox/deliveries");

        await Ask(host, "sent", _mark, ["email"]);
        await Ask(host, "caught", _mark, ["push"]);
        var others = await Ask(host, "other", "somebody", ["email"]);
        await record.Until("SELECT count(*) FROM notification WHERE completed_at IS NOT NULL", 3, Soon);
        await record.Some("SELECT count(*) FROM caught_delivery", Soon);
        await The_operator.Asks(
            host,
            HttpMethod.Post,
            "/v1/suppressions",
            new
            {
                channel = "email",
                address = Mailbox,
                category = "order-placed",
                by = "ann",
                why = "asked",
            }
        );
        await The_operator.Asks(
            host,
            HttpMethod.Post,
            "/v1/repairs",
            new
            {
                filter = new { recipient = Person },
                by = "ann",
                why = "a test",
            }
        );
        // In doubt, and held.
        mail.Resets = true;
        mail.Answer = [];
        await Ask(host, "held", _mark, ["email"]);
        await record.Until("SELECT count(*) FROM held_notification", 1, Soon);
        await Ask(host, "later", _mark, ["email"], delay: "PT2H");
        await record.Until("SELECT count(*) FROM outgoing_message WHERE destination LIKE 'exchange:send-%'", 1, Soon);
        await Break(broker);
        await record.Until("SELECT count(*) FROM failed_message", 2, Soon);

        var found = await ColumnsWith(record, _mark);
        foreach (
            var column in (string[])
                [
                    "caught_delivery.delivery",
                    "control_change.after",
                    "failed_message.body",
                    "notification.data",
                    "notification.deliveries",
                    "notification.event_id",
                    "notification.keys",
                    "notification.metadata",
                    "notification.recipient",
                    "notification.recipient_id",
                    "outgoing_message.body",
                    "repair.filter",
                    "subscription_delivery.data",
                    "suppressed_address.address",
                ]
        )
            found.ShouldContain(column, "the look has to see it");
        var counts = await Counts(record);
        var contents = await record.Scalar<long>("SELECT count(*) FROM content");
        var preview = await Erase(host, preview: true);
        (await ColumnsWith(record, _mark)).ShouldBe(found, "a preview changes nothing");

        var erased = await Erase(host);

        foreach (var answer in (JsonElement[])[preview, erased])
            (
                Number(answer, "notifications"),
                Number(answer, "cancelled"),
                Number(answer, "waiting"),
                Number(answer, "held"),
                Number(answer, "suppressions"),
                Number(answer, "failedMessages"),
                Number(answer, "contents")
            ).ShouldBe((4, 2, 1, 1, 1, 2, 4), answer.GetRawText());
        Number(erased, "caughtDeliveries").ShouldBe(Number(preview, "caughtDeliveries"));
        Number(erased, "caughtDeliveries").ShouldBeGreaterThan(0);
        Number(erased, "webhookBodies").ShouldBeGreaterThan(0);
        erased.GetProperty("isComplete").GetBoolean().ShouldBeTrue();
        await record.Until("SELECT count(*) FROM notification WHERE state IN ('Cancelled', 'Held')", 2, Soon);
        (await ColumnsWith(record, _mark)).ShouldBeEmpty();
        (await record.Scalar<long>("SELECT count(*) FROM content")).ShouldBe(contents - 4);
        (await Counts(record)).ShouldBe(counts, "counts are the same");
        (await host.Client.GetStringAsync(others)).ShouldContain("somebody", customMessage: "nobody else is erased");
        var steps = await host.Client.GetAsync($"/v1/notifications/{await OneOf(record)}/steps");
        steps.StatusCode.ShouldBe(HttpStatusCode.OK);

        // Imported once more it stays suppressed, and does not come back into the table.
        await The_operator.Asks(
            host,
            HttpMethod.Post,
            "/v1/suppressions",
            new
            {
                channel = "email",
                address = Mailbox,
                category = "order-placed",
                by = "ann",
                why = "imported",
            }
        );
        (await ColumnsWith(record, _mark)).ShouldBeEmpty();
        (await record.Scalar<long>("SELECT count(*) FROM suppressed_address")).ShouldBe(1);
        var calls = mail.Requests.Count;
        await The_operator.Asks(
            host,
            HttpMethod.Post,
            "/v1/events/order-placed",
            new
            {
                eventId = "again",
                orderId = "4711",
                product = "Bowl",
                total = new { amount = 1, currency = "THB" },
                buyer = new { id = "buyer" },
                seller = new { id = "seller", email = Mailbox },
            }
        );
        await record.Some(
            "SELECT count(*) FROM delivery_overview WHERE event = 'order-placed' AND channel = 'email' AND status = 'failed'",
            Soon
        );
        mail.Requests.Count.ShouldBe(calls, "it is suppressed");
        Number(await Erase(host), "notifications").ShouldBe(0, "the seller is somebody else");
    }

    [Fact]
    public async Task Should_take_along_the_files_that_were_fetched_for_them()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var record = new The_record(database);
        await using var files = Invoice();
        await using var host = await HostInProcess.Start(broker, database, WithFiles);
        await AskForInvoice(host, files, Person);
        await record.UntilDelivered(1, Soon);
        // The text, the name of the file, and its octets.
        (await record.Scalar<long>("SELECT count(*) FROM content")).ShouldBe(3);

        await Erase(host);

        (await record.Scalar<long>("SELECT count(*) FROM content")).ShouldBe(0);
    }

    /// <summary>The octets are kept once for all who are sent them, and go with the first of them: the others' are fetched anew.</summary>
    [Fact]
    public async Task Should_not_take_the_file_from_somebody_who_waits_for_it()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var record = new The_record(database);
        await using var files = Invoice();
        await using var host = await HostInProcess.Start(broker, database, WithFiles);
        await AskForInvoice(host, files, Person);
        await record.UntilDelivered(1, Soon);
        await Pin(host, "open");
        await AskForInvoice(host, files, "somebody");
        await record.Until("SELECT count(*) FROM outgoing_message WHERE destination LIKE 'exchange:send-%'", 1, Soon);
        files.Asked.Count.ShouldBe(2, "it was fetched for both");

        await Erase(host);
        await Pin(host, pin: null);

        await record.UntilDelivered(2, Soon);
        files.Asked.Count.ShouldBe(3);

        static Task Pin(HostInProcess host, string? pin) =>
            The_operator.Asks(
                host,
                HttpMethod.Put,
                "/v1/providers/sandbox",
                new
                {
                    pin,
                    by = "ann",
                    why = "a test",
                }
            );
    }

    static readonly Dictionary<string, string> WithFiles = new(StringComparer.Ordinal)
    {
        ["Attachments:AllowPrivateAddresses"] = "true",
        ["Redelivery:FirstDelay"] = "00:00:01",
    };

    HostedFiles Invoice()
    {
        var files = new HostedFiles();
        files.Put("/invoice", Encoding.UTF8.GetBytes($"%PDF-1.7 {_mark}"));
        return files;
    }

    static async Task AskForInvoice(HostInProcess host, HostedFiles files, string who)
    {
        using var answer = await host.Client.PostAsJsonAsync(
            "/v1/notifications",
            new
            {
                category = "announcement",
                recipient = new { id = who, email = $"{who}@example.com" },
                channels = (string[])["email"],
                data = new { title = "Your invoice", text = "It is attached." },
                email = new { attachments = new[] { new { url = files["/invoice"], name = "invoice.pdf" } } },
            }
        );
        answer.StatusCode.ShouldBe(HttpStatusCode.Accepted, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>What was added since has to be thought of.</summary>
    [Fact]
    public async Task Should_have_been_thought_of_in_every_column_that_holds_words()
    {
        await using var record = new The_record(await Migrated());
        var unknown = (await Columns(record))
            .Where(column => !OfNobody.Contains($"{column.Split('.')[0]}.*") && !OfPeople.Contains(column))
            .ToList();

        unknown.ShouldBeEmpty("say in this test whether it may name a person, and if so have it erased");
    }

    /// <summary>Many, a page at a time, and begun again after an interruption.</summary>
    [Fact]
    public async Task Should_go_on_where_it_was_interrupted()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var record = new The_record(database);
        await using var host = await HostInProcess.Start(broker, database, new Dictionary<string, string>(StringComparer.Ordinal));
        await Ask(host, "one", _mark, ["email"]);
        await record.Until("SELECT count(*) FROM notification WHERE completed_at IS NOT NULL", 1, Soon);
        await Multiply(record, 1_500);
        // The last of them somebody else has at hand.
        var hold = await record.Scalar<Guid>("SELECT id FROM notification ORDER BY created_at DESC, id DESC LIMIT 1");
        await using (var blocker = await Lock(database, hold))
        {
            var interrupted = Task.Run(() => Erase(host));
            await record.Until($"SELECT (count(*) >= 1400)::integer::bigint FROM notification WHERE recipient_id LIKE 'erased-%'", 1, Soon);
            interrupted.IsCompleted.ShouldBeFalse("it waits for the last page");
            await blocker.DisposeAsync();
            await interrupted;
        }

        (await ColumnsWith(record, _mark)).ShouldBeEmpty();
        (await record.Scalar<long>("SELECT count(*) FROM notification WHERE recipient_id LIKE 'erased-%'")).ShouldBe(1_501);
    }

    /// <summary>A bounce or a complaint comes hours later: what it asks for holds, and it brings nothing of the person back.</summary>
    [Theory]
    [InlineData(ReceiptKind.HardBounce)]
    [InlineData(ReceiptKind.Complained)]
    public async Task Should_be_in_no_column_when_a_receipt_comes_afterwards(ReceiptKind kind)
    {
        var (broker, database) = await servers.CreateBoth();
        await using var record = new The_record(database);
        var letters = new ReportingProvider("letters");
        var settings = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Channels:email:Providers"] = "letters",
            ["Providers:letters:Type"] = ReportingProvider.Type,
        };
        await using var host = await HostInProcess.Start(broker, database, settings, letters.AddTo);
        await Ask(host, "one", _mark, ["email"]);
        await record.UntilDelivered(1, Soon);
        await Erase(host);

        using var report = new HttpRequestMessage(HttpMethod.Post, "/v1/receipts/letters");
        report.Content = new StringContent(
            ReportingProvider.Report(kind, ReportingProvider.MessageIdOf(letters.Calls.Single().Id), Mailbox)
        );
        report.Headers.Add(ReportingProvider.Signature, ReportingProvider.Genuine);
        (await host.Client.SendAsync(report)).StatusCode.ShouldBe(HttpStatusCode.OK);
        await record.Until(
            kind == ReceiptKind.HardBounce
                ? "SELECT count(*) FROM delivery_overview WHERE status = 'failed'"
                : "SELECT count(*) FROM notification WHERE deliveries::text LIKE '%omplainedAt%'",
            1,
            Soon
        );

        (await ColumnsWith(record, _mark)).ShouldBeEmpty();
        (await record.Scalar<string>("SELECT address FROM suppressed_address")).ShouldStartWith("erased-");
        // Whoever writes to the address again is told so.
        await Ask(host, "again", _mark, ["email"]);
        await record.Until("SELECT count(*) FROM notification WHERE state = 'Failed' AND deliveries::text ILIKE '%suppressed%'", 1, Soon);
        letters.Calls.Count.ShouldBe(1);
    }

    /// <summary>Ten thousand of one person, and the host that erases them is killed on the way: another one comes to the end.</summary>
    [Fact]
    public async Task Should_come_to_the_end_on_another_host_when_one_is_killed_on_the_way()
    {
        const int Many = 10_000;
        const string ErasedOnes = "SELECT count(*) FROM notification WHERE recipient_id LIKE 'erased-%'";
        var (broker, database) = await servers.CreateBoth();
        await using var record = new The_record(database);
        await using var other = await HostInProcess.Start(broker, database, new Dictionary<string, string>(StringComparer.Ordinal));
        await Ask(other, "one", _mark, ["email"]);
        var others = await Ask(other, "other", "somebody", ["email"]);
        await record.UntilDelivered(2, Soon);
        await MultiplyWhole(record, Person, Many - 1);
        (await ColumnsWith(record, _mark)).ShouldContain("notification.recipient");
        var counts = await Counts(record);

        await using (var killed = await HostProcess.Start(broker, database))
        {
            var asked = AskToErase(killed.Client);
            await record.Until(ErasedOnes.Replace("count(*)", "(count(*) >= 2000)::integer::bigint", StringComparison.Ordinal), 1, Soon);
            await killed.Kill();
            await Should.ThrowAsync<HttpRequestException>(asked);
        }

        var before = await record.Scalar<long>(ErasedOnes);
        before.ShouldBeInRange(2000, Many - 1, "it was killed on the way");
        var begun = System.Diagnostics.Stopwatch.GetTimestamp();
        JsonElement answer;
        var erased = 0;
        do
        {
            answer = await Erase(other);
            erased += Number(answer, "notifications");
        } while (!answer.GetProperty("isComplete").GetBoolean());
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{erased} erased in {System.Diagnostics.Stopwatch.GetElapsedTime(begun).TotalSeconds:0.0} s"
        );

        (await record.Scalar<long>(ErasedOnes)).ShouldBe(Many);
        erased.ShouldBe(Many - (int)before, "what was done is not done again");
        (await ColumnsWith(record, _mark)).ShouldBeEmpty();
        (await Counts(record)).ShouldBe(counts, "counts are the same");
        (await other.Client.GetStringAsync(others)).ShouldContain("somebody", customMessage: "nobody else is erased");
    }

    static async Task<IAsyncDisposable> Lock(string database, Guid id)
    {
        var connection = new Npgsql.NpgsqlConnection(database);
        await connection.OpenAsync();
        var transaction = await connection.BeginTransactionAsync();
        await using var command = new Npgsql.NpgsqlCommand(
            $"SELECT FROM notification WHERE id = '{id}' FOR UPDATE",
            connection,
            transaction
        );
        await command.ExecuteNonQueryAsync();
        return connection;
    }

    /// <summary>As many more, as they would be if each had been asked for.</summary>
    static async Task Multiply(The_record record, int count)
    {
        await record.Execute(
            $"""
            CREATE TEMPORARY TABLE more AS
            SELECT gen_random_uuid() AS new_id, n.* FROM notification n, generate_series(1, {count});
            UPDATE more SET id = new_id, created_at = created_at + interval '1 ms' * (random() * 1000);
            ALTER TABLE more DROP COLUMN new_id;
            INSERT INTO notification SELECT * FROM more;
            INSERT INTO notification_key (id, created_at) SELECT id, created_at FROM more;
            """
        );
    }

    /// <summary>The same with deliveries, attempts, steps and references of their own.</summary>
    static async Task MultiplyWhole(The_record record, string person, int count) =>
        await record.Execute(
            $"""
            CREATE TEMPORARY TABLE more AS
            SELECT gen_random_uuid() AS new_id, gen_random_uuid() AS new_delivery, created_at + interval '1 ms' * number AS new_at,
                (SELECT delivery_id FROM delivery_attempt a WHERE a.notification_id = n.id LIMIT 1) AS old_delivery, n.*
            FROM notification n, generate_series(1, {count}) AS number WHERE recipient_id = '{person}';
            CREATE TEMPORARY TABLE attempts AS
            SELECT m.new_id, m.new_delivery, m.new_at, a.* FROM more m JOIN delivery_attempt a ON a.notification_id = m.id;
            CREATE TEMPORARY TABLE named AS
            SELECT m.new_id, m.new_at, r.* FROM more m JOIN notification_reference r ON r.id = m.id AND r.created_at = m.created_at;
            UPDATE attempts SET notification_id = new_id, delivery_id = new_delivery, notification_created_at = new_at;
            UPDATE named SET id = new_id, created_at = new_at;
            UPDATE more SET id = new_id, created_at = new_at,
                deliveries = replace(deliveries::text, old_delivery::text, new_delivery::text)::jsonb;
            ALTER TABLE more DROP COLUMN new_id, DROP COLUMN new_delivery, DROP COLUMN new_at, DROP COLUMN old_delivery;
            ALTER TABLE attempts DROP COLUMN new_id, DROP COLUMN new_delivery, DROP COLUMN new_at;
            ALTER TABLE named DROP COLUMN new_id, DROP COLUMN new_at;
            INSERT INTO notification SELECT * FROM more;
            INSERT INTO notification_key (id, created_at) SELECT id, created_at FROM more;
            INSERT INTO delivery_attempt SELECT * FROM attempts;
            INSERT INTO notification_reference SELECT * FROM named;
            """
        );

    Task<HttpResponseMessage> AskToErase(HttpClient client) =>
        client.PostAsJsonAsync(
            "/v1/recipients/erase",
            new
            {
                recipient = Person,
                by = "ann",
                why = "a request",
            }
        );

    static async Task<string> Ask(HostInProcess host, string eventId, string who, string[] channels, string? delay = null)
    {
        using var answer = await host.Client.PostAsJsonAsync(
            "/v1/notifications",
            new
            {
                eventId = $"{eventId}-{who}",
                category = "announcement",
                channels,
                recipient = new
                {
                    id = $"{who}-id",
                    name = $"Name {who}",
                    locale = "en",
                    email = $"{who}@example.org",
                    pushTokens = (string[])[$"{who}-token-0123456789"],
                },
                data = new { title = $"Title {who} {eventId}", text = $"Text {who}" },
                keys = new { order = $"{who}-order" },
                metadata = new { campaign = $"{who}-campaign" },
                delay,
            },
            new JsonSerializerOptions(JsonSerializerDefaults.Web)
            {
                DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull,
            }
        );
        answer.StatusCode.ShouldBe(HttpStatusCode.Accepted, await answer.Content.ReadAsStringAsync());
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("links").GetProperty("self").GetString()!;
    }

    /// <summary>Two messages that nobody can take: one that is whole and names the person, and one that breaks off.</summary>
    async Task Break(Uri broker)
    {
        await using var producer = await PlainAmqpProducer.Connect(broker);
        await producer.Publish(
            "NotificationRequested",
            new JsonObject
            {
                ["category"] = 5,
                ["recipient"] = new JsonObject { ["id"] = Person, ["name"] = $"Name {_mark}" },
            }
        );
        await producer.Publish(
            "NotificationBus.Contracts:NotificationRequested",
            new BasicProperties { ContentType = "application/vnd.masstransit+json", Persistent = true },
            Encoding.UTF8.GetBytes($"{{\"message\":{{\"recipient\":{{\"email\":\"{Mailbox}\"")
        );
    }

    async Task<JsonElement> Erase(HostInProcess host, bool preview = false)
    {
        using var answer = await host.Client.PostAsJsonAsync(
            "/v1/recipients/erase",
            new
            {
                recipient = Person,
                preview,
                by = "ann",
                why = "a request",
            }
        );
        answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.Content.ReadAsStringAsync());
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }

    async Task<string> Migrated()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var host = await HostInProcess.Start(broker, database, new Dictionary<string, string>(StringComparer.Ordinal));
        return database;
    }

    static async Task<string> OneOf(The_record record) =>
        $"{await record.Scalar<Guid>("SELECT id FROM notification WHERE recipient_id LIKE 'erased-%' AND state = 'Cancelled' LIMIT 1")}";

    /// <summary>How many rows there are of what is counted.</summary>
    static Task<string> Counts(The_record record) =>
        record.Text(
            """
            SELECT count(*) FROM notification UNION ALL SELECT count(*) FROM delivery_attempt WHERE status <> 'Cancelled'
            UNION ALL SELECT count(*) FROM failed_message UNION ALL SELECT count(*) FROM suppressed_address
            UNION ALL SELECT sum(accepted)::bigint FROM ledger UNION ALL SELECT count(*) FROM repair_item
            """
        );

    /// <summary>Every column that may hold words, of tables and not of their partitions.</summary>
    static async Task<IReadOnlyList<string>> Columns(The_record record) =>
        (
            await record.Text(
                """
                SELECT c.relname || '.' || a.attname FROM pg_class c
                JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                JOIN pg_type t ON t.oid = a.atttypid
                WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace IN ('public'::regnamespace,
                        'notificationbus'::regnamespace)
                    AND t.typname NOT IN ('uuid', '_uuid', 'timestamptz', 'date', 'int4', 'int8', 'numeric', 'float8', 'bool',
                        'interval', 'xid8')
                ORDER BY 1
                """
            )
        ).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Those in which a word stands, in text, JSON and bytes.</summary>
    static async Task<IReadOnlyList<string>> ColumnsWith(The_record record, string word)
    {
        var found = new List<string>();
        foreach (var column in await Columns(record))
        {
            var (table, name) = (column.Split('.')[0], column.Split('.')[1]);
            if (
                await record.Scalar<bool>(
                    $"""
                    SELECT EXISTS (SELECT FROM "{table}" t WHERE t."{name}"::text ILIKE '%{word}%'
                        OR t."{name}"::text ILIKE '%{Convert.ToHexStringLower(Encoding.UTF8.GetBytes(word))}%')
                    """
                )
            )
                found.Add(column);
        }

        return found;
    }

    static int Number(JsonElement answer, string property) => answer.GetProperty(property).GetInt32();
}
