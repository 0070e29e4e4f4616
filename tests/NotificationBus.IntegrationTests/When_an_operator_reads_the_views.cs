using NotificationBus.Contracts;
using NotificationBus.Failures;
using NotificationBus.Model;
using NotificationBus.Notifications;

namespace NotificationBus.IntegrationTests;

/// <summary>The views are public: whoever wrote a query yesterday finds the same columns tomorrow.</summary>
public sealed class When_an_operator_reads_the_views(BusAndDatabase servers)
{
    // A new column goes to the end. Renaming or moving one breaks somebody's query.
    static readonly Dictionary<string, string> Columns = new(StringComparer.Ordinal)
    {
        ["notification_overview"] =
            "id status event event_id category recipient sent_on failed_on reason created_at changed_at expires_at completed_at took "
            + "decisions confirmed_on cancelled_on left_out keys channels application",
        ["saga_step_overview"] =
            "notification_id number from_number at message message_ids state_before state_after caused changes derived",
        ["delivery_overview"] =
            "notification_id delivery_id event recipient channel step status provider provider_message_id reason attempts created_at "
            + "settled_at confirmed_at bounced_at soft_bounced_at opened_at read_at complained_at unsubscribed_at cancellation "
            + "automatic_read_at application",
        ["decision"] = "notification_id created_at delivery_id channel at by code final provider until times text",
    };

    [Fact]
    public async Task Should_find_the_columns_that_were_promised_and_what_they_mean()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var host = await HostInProcess.Start(broker, database);
        await using var record = new The_record(database);

        foreach (var (view, columns) in Columns)
        {
            (
                await record.Scalar<string>(
                    "SELECT string_agg(column_name, ' ' ORDER BY ordinal_position) FROM information_schema.columns "
                        + $"WHERE table_name = '{view}'"
                )
            ).ShouldBe(columns);
        }

        (
            await record.Scalar<string>(
                """
                SELECT coalesce(string_agg(relname, ' '), '') FROM pg_class
                WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v') AND NOT relispartition
                    AND relname <> '__EFMigrationsHistory' AND obj_description(oid) IS NULL
                """
            )
        ).ShouldBeEmpty("every table and view says what it is");
    }

    [Fact]
    public async Task Should_find_why_a_channel_was_not_used()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var host = await HostInProcess.Start(broker, database);
        await using var record = new The_record(database);

        using var body = new StringContent(
            """
            {"orderId":"4711","product":"Blue ceramic bowl","total":{"amount":590,"currency":"THB"},"buyer":{"id":"buyer-7"},
             "seller":{"id":"seller-42","pushTokens":["demo-token"]}}
            """,
            new System.Net.Http.Headers.MediaTypeHeaderValue("application/json")
        );
        using var accepted = await host.Client.PostAsync(new Uri("/v1/events/order-placed", UriKind.Relative), body);
        accepted.EnsureSuccessStatusCode();
        await record.UntilDelivered(1, TimeSpan.FromSeconds(30));

        (await record.Scalar<string[]>("SELECT decisions FROM notification_overview")).ShouldBe([
            "email: the recipient has no address there",
            "push: planned",
        ]);
    }

    /// <summary>A16, A18: what was left out of a plan is asked for like what failed.</summary>
    [Fact]
    public async Task Should_find_what_the_plan_could_not_use_and_why()
    {
        var database = await servers.CreateDatabase();
        await using var record = await PostgresRecord.Open(database);
        await using var sql = new The_record(database);
        var whole = await When_partitions_are_made.Begin(record, DateTimeOffset.UnixEpoch);
        var notification = (await record.Host.Store.Load(whole, CancellationToken.None))!;
        (notification.CorrelationId, notification.Version) = (Guid.CreateVersion7(), 0);
        notification.LeftOut =
        [
            new LeftOut("sms", RefusalCause.Template, "'title' is missing"),
            new LeftOut("email", RefusalCause.Template, "it is no mailbox"),
        ];
        await record.Host.Store.Insert(new NotificationStep(notification, Guid.CreateVersion7(), []), CancellationToken.None);

        (await sql.Scalar<string[]>($"SELECT left_out FROM notification_overview WHERE id = '{notification.CorrelationId}'")).ShouldBe([
            "sms: 'title' is missing",
            "email: it is no mailbox",
        ]);
        (await sql.Scalar<bool>($"SELECT left_out IS NULL FROM notification_overview WHERE id = '{whole}'")).ShouldBeTrue();
    }

    /// <summary>What was not sent has one reason, and what was sent has none; also of rows that have no codes yet.</summary>
    [Fact]
    public async Task Should_find_one_final_reason_for_each_delivery_that_was_not_sent()
    {
        var database = await servers.CreateDatabase();
        await using var record = await PostgresRecord.Open(database);
        await using var sql = new The_record(database);
        DeliveryState[] deliveries =
        [
            .. Two("email", DeliveryStatus.Sent, reason: null),
            .. Two("push", DeliveryStatus.Failed, "it is gone"),
            .. Two("chat", DeliveryStatus.Expired, "it was too late"),
            .. Two("webhook", DeliveryStatus.Cancelled, "ann: sold"),
            .. Two("in-app", DeliveryStatus.NotNeeded, "another was read"),
            .. Two("voice", DeliveryStatus.Held, "silence"),
            .. Two("fax", DeliveryStatus.Sending, "later"),
        ];
        deliveries[2].Code = ReasonCode.Suppressed;
        deliveries[3].BouncedAt = DateTimeOffset.UnixEpoch;
        var waited = new DeliveryDecision
        {
            At = DateTimeOffset.UnixEpoch,
            Code = ReasonCode.CircuitOpen,
            Provider = "smtp",
            Until = DateTimeOffset.UnixEpoch.AddMinutes(1),
            Times = 3,
            Text = "the circuit of smtp is open",
        };
        deliveries[0].Decisions = [waited];
        var id = await Store(record, deliveries);

        (
            await sql.Scalar<string[]>(
                "SELECT array_agg(concat_ws(' ', channel, by, code) ORDER BY channel, code) FROM decision WHERE final "
                    + $"AND notification_id = '{id}'"
            )
        ).ShouldBe([
            "chat sender expired",
            "chat sender expired",
            "in-app planner not-needed",
            "in-app planner not-needed",
            "push receipt bounced",
            "push sender suppressed",
            "webhook operator cancelled",
            "webhook operator cancelled",
        ]);
        (
            await sql.Scalar<string>(
                "SELECT string_agg(concat_ws('|', by, provider, times, until - at, text), ' ') FROM decision WHERE code = 'circuit-open' "
                    + $"AND notification_id = '{id}'"
            )
        ).ShouldBe("sender|smtp|3|00:01:00|the circuit of smtp is open");
        (
            await sql.Scalar<long>($"SELECT count(*) FROM decision WHERE code = 'in-doubt' AND NOT final AND notification_id = '{id}'")
        ).ShouldBe(2);
        (await sql.Scalar<long>($"SELECT count(*) FROM decision WHERE code = 'planned' AND notification_id = '{id}'")).ShouldBe(
            deliveries.Length
        );
    }

    /// <summary>Tests that do not bite: each channel is named once, where it belongs.</summary>
    [Fact]
    public async Task Should_find_on_which_channels_it_became_what()
    {
        var database = await servers.CreateDatabase();
        await using var record = await PostgresRecord.Open(database);
        await using var sql = new The_record(database);
        DeliveryState[] deliveries =
        [
            .. Two("email", DeliveryStatus.Sent, reason: null),
            .. Two("sms", DeliveryStatus.Confirmed, reason: null),
            .. Two("push", DeliveryStatus.Failed, "it is gone"),
            .. Two("chat", DeliveryStatus.Expired, "it was too late"),
            .. Two("webhook", DeliveryStatus.Cancelled, "ann: sold"),
            .. Two("in-app", DeliveryStatus.NotNeeded, "another was read"),
            .. Two("voice", DeliveryStatus.Held, "silence"),
            .. Two("fax", DeliveryStatus.Sending, "later"),
        ];
        var (id, nothing) = (await Store(record, deliveries), await Store(record, []));
        var refused = await Store(record, deliveries, refusal: "nobody is there");
        const string All = """
            array_to_string(sent_on, ','), array_to_string(confirmed_on, ','), array_to_string(failed_on, ','),
            array_to_string(cancelled_on, ','), reason
            """;

        (await sql.Scalar<string>($"SELECT concat_ws('|', status, took, {All}) FROM notification_overview WHERE id = '{id}'")).ShouldBe(
            "partly-delivered|01:00:00|email,sms|sms|chat,push|webhook|ann: sold; it is gone; it was too late"
        );
        (await sql.Scalar<string>($"SELECT reason FROM notification_overview WHERE id = '{refused}'")).ShouldBe("nobody is there");
        (await sql.Scalar<string>($"SELECT concat_ws('|', {All}) FROM notification_overview WHERE id = '{nothing}'")).ShouldBeEmpty();
        (
            await sql.Scalar<string[]>(
                $"""
                SELECT array_agg(DISTINCT channel || ' ' || status) FROM delivery_overview WHERE notification_id = '{id}'
                """
            )
        ).ShouldBe([
            "chat expired",
            "email sent",
            "fax sending",
            "in-app not-needed",
            "push failed",
            "sms confirmed",
            "voice held",
            "webhook cancelled",
        ]);
    }

    [Fact]
    public async Task Should_find_all_that_is_known_of_a_delivery_and_how_often_it_was_tried()
    {
        var database = await servers.CreateDatabase();
        await using var record = await PostgresRecord.Open(database);
        await using var sql = new The_record(database);
        var delivery = Delivery("email", DeliveryStatus.Cancelled, "ann: sold");
        var other = Delivery("email", DeliveryStatus.Sent, reason: null);
        (delivery.Provider, delivery.ProviderMessageId, delivery.Cancellation) = ("smtp", "m-1", "ann: it is sold");
        var day = DateTimeOffset.UnixEpoch;
        (delivery.SettledAt, delivery.ConfirmedAt, delivery.BouncedAt) = (day.AddDays(1), day.AddDays(2), day.AddDays(3));
        (delivery.SoftBouncedAt, delivery.OpenedAt, delivery.ReadAt) = (day.AddDays(4), day.AddDays(5), day.AddDays(6));
        (delivery.ComplainedAt, delivery.UnsubscribedAt) = (day.AddDays(7), day.AddDays(8));
        var id = await Store(record, [delivery, other]);
        foreach (var (called, number) in new[] { (delivery, 1), (delivery, 2), (other, 1) })
        {
            var call = When_partitions_are_made.Call(id) with { DeliveryId = called.Id, Number = number };
            await record.Host.Ledger.Claim(call, "som@example.com", "order-placed", TimeSpan.FromMinutes(1), CancellationToken.None);
        }

        await record.Host.Ledger.Cancel(id, delivery.Id, "email", "ann: sold", CancellationToken.None);
        await sql.Execute(
            $"""
            INSERT INTO delivery_attempt
                (delivery_id, number, notification_id, notification_created_at, channel, provider, status, lease_until)
            VALUES ('{delivery.Id}', 1, '{id}', 'infinity', 'email', 'smtp', 'Accepted', now())
            """
        );

        // That it was cancelled is no call, and what was called under its id before it began is none of its calls.
        (
            await sql.Scalar<string>(
                $"""
                SELECT concat_ws('|', notification_id, event, recipient, channel, step, status, provider, provider_message_id, reason,
                    attempts, cancellation)
                FROM delivery_overview WHERE delivery_id = '{delivery.Id}'
                """
            )
        ).ShouldBe($"{id}|order-placed|seller-42|email|3|cancelled|smtp|m-1|ann: sold|2|ann: it is sold");
        (
            await sql.Scalar<DateTime[]>(
                $"""
                SELECT ARRAY[settled_at, confirmed_at, bounced_at, soft_bounced_at, opened_at, read_at, complained_at, unsubscribed_at]
                FROM delivery_overview WHERE delivery_id = '{delivery.Id}'
                """
            )
        ).ShouldBe(Enumerable.Range(1, 8).Select(days => day.AddDays(days).UtcDateTime));
        (await sql.Scalar<long>($"SELECT attempts FROM delivery_overview WHERE delivery_id = '{other.Id}'")).ShouldBe(1);
    }

    static DeliveryState Delivery(string channel, DeliveryStatus status, string? reason) =>
        new()
        {
            Id = Guid.CreateVersion7(),
            Channel = channel,
            Address = "som@example.com",
            Step = 3,
            Status = status,
            Reason = reason,
        };

    /// <summary>A notification that has ended after an hour.</summary>
    static DeliveryState[] Two(string channel, DeliveryStatus status, string? reason) =>
        [Delivery(channel, status, reason), Delivery(channel, status, reason)];

    static async Task<Guid> Store(PostgresRecord record, IReadOnlyList<DeliveryState> deliveries, string? refusal = null)
    {
        var ended = await When_partitions_are_made.Begin(record, DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddHours(1));
        var notification = (await record.Host.Store.Load(ended, CancellationToken.None))!;
        (notification.CorrelationId, notification.Version) = (Guid.CreateVersion7(), 0);
        (notification.CurrentState, notification.Deliveries, notification.Refusal) = ("PartlyDelivered", deliveries, refusal);
        var step = new NotificationStep(notification, Guid.CreateVersion7(), []);
        (await record.Host.Store.Insert(step, CancellationToken.None)).ShouldBeTrue();
        return notification.CorrelationId;
    }

    /// <summary>A column that holds one of a few words says which they are.</summary>
    [Fact]
    public async Task Should_find_every_word_that_a_column_may_hold()
    {
        await using var sql = new The_record(await servers.CreateDatabase());

        await Explains("delivery_attempt", "status", Enum.GetNames<AttemptStatus>());
        await Explains("failed_message", "state", Enum.GetNames<FailedMessageState>());
        await Explains("failed_message", "kind", Enum.GetNames<FailureKind>());
        await Explains(
            "delivery_overview",
            "status",
            [.. Enum.GetNames<DeliveryStatus>().Select(System.Text.Json.JsonNamingPolicy.KebabCaseLower.ConvertName)]
        );

        async Task Explains(string table, string column, IReadOnlyList<string> words)
        {
            var said = await sql.Scalar<string>(
                $"SELECT col_description('{table}'::regclass, attnum) FROM pg_attribute WHERE attrelid = '{table}'::regclass "
                    + $"AND attname = '{column}'"
            );
            words.Except(said.Split(' ', ',', '.', ':'), StringComparer.Ordinal).ShouldBeEmpty($"{table}.{column}: {said}");
        }
    }
}
