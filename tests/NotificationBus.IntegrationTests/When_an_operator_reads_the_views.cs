namespace NotificationBus.IntegrationTests;

/// <summary>The two views are public: whoever wrote a query yesterday finds the same columns tomorrow.</summary>
public sealed class When_an_operator_reads_the_views(BusAndDatabase servers)
{
    // A new column goes to the end. Renaming or moving one breaks somebody's query.
    static readonly Dictionary<string, string> Columns = new(StringComparer.Ordinal)
    {
        ["notification_overview"] = "id status event event_id category recipient sent_on failed_on reason created_at changed_at expires_at completed_at took decisions confirmed_on cancelled_on",
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
}
