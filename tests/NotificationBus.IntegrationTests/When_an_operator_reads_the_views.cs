using NotificationBus.Failures;
using NotificationBus.Model;
using NotificationBus.Notifications;

namespace NotificationBus.IntegrationTests;

/// <summary>The two views are public: whoever wrote a query yesterday finds the same columns tomorrow.</summary>
public sealed class When_an_operator_reads_the_views(BusAndDatabase servers)
{
    // A new column goes to the end. Renaming or moving one breaks somebody's query.
    static readonly Dictionary<string, string> Columns = new(StringComparer.Ordinal)
    {
        ["notification_overview"] = "id status event event_id category recipient sent_on failed_on reason created_at changed_at expires_at completed_at took decisions confirmed_on cancelled_on left_out",
        ["delivery_overview"] = "notification_id delivery_id event recipient channel step status provider provider_message_id reason attempts created_at settled_at confirmed_at bounced_at soft_bounced_at opened_at read_at complained_at unsubscribed_at cancellation",
    };

    [Fact]
    public async Task Should_find_the_columns_that_were_promised_and_what_they_mean()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var host = await HostInProcess.Start(broker, database);
        await using var record = new The_record(database);

        foreach (var (view, columns) in Columns)
        {
            (await record.Scalar<string>($"SELECT string_agg(column_name, ' ' ORDER BY ordinal_position) FROM information_schema.columns WHERE table_name = '{view}'"))
                .ShouldBe(columns);
        }

        (await record.Scalar<string>("""
            SELECT coalesce(string_agg(relname, ' '), '') FROM pg_class
            WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v') AND NOT relispartition AND relname <> '__EFMigrationsHistory' AND obj_description(oid) IS NULL
            """)).ShouldBeEmpty("every table and view says what it is");
    }

    [Fact]
    public async Task Should_find_why_a_channel_was_not_used()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var host = await HostInProcess.Start(broker, database);
        await using var record = new The_record(database);

        using var body = new StringContent("""
            {"orderId":"4711","product":"Blue ceramic bowl","total":{"amount":590,"currency":"THB"},"buyer":{"id":"buyer-7"},"seller":{"id":"seller-42","pushTokens":["demo-token"]}}
            """, new System.Net.Http.Headers.MediaTypeHeaderValue("application/json"));
        using var accepted = await host.Client.PostAsync(new Uri("/v1/events/order-placed", UriKind.Relative), body);
        accepted.EnsureSuccessStatusCode();
        await record.UntilDelivered(1, TimeSpan.FromSeconds(30));

        (await record.Scalar<string[]>("SELECT decisions FROM notification_overview")).ShouldBe(["email: the recipient has no address there", "push: used"]);
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
        notification.LeftOut = [new LeftOut("sms", RefusalCause.Template, "'title' is missing"), new LeftOut("email", RefusalCause.Template, "it is no mailbox")];
        await record.Host.Store.Insert(new NotificationStep(notification, Guid.CreateVersion7(), []), CancellationToken.None);

        (await sql.Scalar<string[]>($"SELECT left_out FROM notification_overview WHERE id = '{notification.CorrelationId}'")).ShouldBe(["sms: 'title' is missing", "email: it is no mailbox"]);
        (await sql.Scalar<bool>($"SELECT left_out IS NULL FROM notification_overview WHERE id = '{whole}'")).ShouldBeTrue();
    }

    /// <summary>A column that holds one of a few words says which they are.</summary>
    [Fact]
    public async Task Should_find_every_word_that_a_column_may_hold()
    {
        await using var sql = new The_record(await servers.CreateDatabase());

        await Explains("delivery_attempt", "status", Enum.GetNames<AttemptStatus>());
        await Explains("failed_message", "state", Enum.GetNames<FailedMessageState>());
        await Explains("failed_message", "kind", Enum.GetNames<FailureKind>());
        await Explains("delivery_overview", "status", [.. Enum.GetNames<DeliveryStatus>().Select(System.Text.Json.JsonNamingPolicy.KebabCaseLower.ConvertName)]);

        async Task Explains(string table, string column, IReadOnlyList<string> words)
        {
            var said = await sql.Scalar<string>($"SELECT col_description('{table}'::regclass, attnum) FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attname = '{column}'");
            words.Except(said.Split(' ', ',', '.', ':'), StringComparer.Ordinal).ShouldBeEmpty($"{table}.{column}: {said}");
        }
    }
}
