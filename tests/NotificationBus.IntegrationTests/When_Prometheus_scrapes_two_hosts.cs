using System.Text.RegularExpressions;
using NotificationBus.IntegrationTests.Servers;
using NotificationBus.Tests.Channels.Http;
using RabbitMQ.Client;

namespace NotificationBus.IntegrationTests;

/// <summary>
/// Two hosts, as they are deployed, and a Prometheus with the rules that are shipped, which wait for no ten minutes here. Of the two
/// services for mail the first is broken; after the load the channel is paused, somebody publishes what nobody can read, and a row is
/// deleted by hand.
/// </summary>
public sealed partial class When_Prometheus_scrapes_two_hosts(BusAndDatabase servers)
{
    const int Orders = 400;

    static readonly TimeSpan Soon = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Should_add_up_to_what_was_sent_and_show_and_tell_what_is_wrong()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var gateway = new ScriptedHttpServer();
        await using var backup = new ScriptedHttpServer();
        gateway.Answers("503 Service Unavailable");
        backup.Answers("200 OK");
        var settings = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Channels:email:Providers"] = "gateway,backup",
            ["Providers:gateway:Type"] = "http",
            ["Providers:gateway:Url"] = $"{gateway.Url}",
            ["Providers:gateway:Circuit:MinimumCalls"] = "2",
            ["Providers:backup:Type"] = "http",
            ["Providers:backup:Url"] = $"{backup.Url}",
            ["EventTypes:order-placed:Channels"] = "email",
        };
        await using var first = await HostProcess.Start(broker, database, settings);
        await using var second = await HostProcess.Start(broker, database, settings);
        await using var prometheus = await PrometheusServer.Start(
            [first.Client.BaseAddress!, second.Client.BaseAddress!],
            WaitsForNothing(await File.ReadAllTextAsync(Monitoring.RulesFile))
        );
        await UntilValue(prometheus, "sum(up{job=\"notificationbus\"})", 2);

        await Parallel.ForAsync(
            0,
            Orders,
            new ParallelOptions { MaxDegreeOfParallelism = 16 },
            async (order, _) => await The_shop.Places(order % 2 == 0 ? first : second, $"order-{order}")
        );

        // Each host has taken and sent some of them, whichever was asked.
        await UntilValue(prometheus, "sum(notificationbus_notifications_ended_total{outcome=\"delivered\"})", Orders);
        await UntilValue(prometheus, "sum(notificationbus_notifications_accepted_total{category=\"order-placed\", by=\"http\"})", Orders);
        await UntilValue(prometheus, "sum(notificationbus_deliveries_settled_total{channel=\"email\", status=\"sent\"})", Orders);
        await UntilValue(
            prometheus,
            "sum(notificationbus_provider_request_duration_seconds_count{account=\"backup\", outcome=\"accepted\"})",
            Orders
        );
        await UntilValue(prometheus, "count({__name__=~\"messaging_masstransit_receive.*\"}) > bool 0", 1);
        // Four measurements of each step, of which the flow has its own.
        await UntilValue(prometheus, "absent({__name__=~\"messaging_masstransit_saga.*\"})", 1);
        await UntilValue(
            prometheus,
            "sum(http_server_request_duration_seconds_count{http_route=\"/v1/events/{name}\", http_response_status_code=\"202\"})",
            Orders
        );
        // What both see alike is one alert.
        await prometheus.Until(
            "the alert of an open circuit",
            Soon,
            async () => (await Firing(prometheus, "NotificationBusCircuitOpen")).Any(labels => labels["account"] == "gateway")
        );
        (await Firing(prometheus, "NotificationBusCircuitOpen")).ShouldHaveSingleItem();
        (await Firing(prometheus, "NotificationBusChannelWithoutProvider")).ShouldBeEmpty();

        await The_operator.SetsChannel("email", paused: true, "nothing goes out", first, second);
        await The_shop.Places(first, "put-off");
        await using var producer = await PlainAmqpProducer.Connect(broker);
        await producer.Publish("NotificationBus.Contracts:OrderPlaced", new BasicProperties { Persistent = true }, "garbage"u8.ToArray());

        // Whatever a rule or a dashboard is about, a host shows.
        IReadOnlyList<string> missing = Monitoring.Metrics;
        await prometheus.Until(
            "every metric",
            Soon,
            async () =>
            {
                missing = [.. Monitoring.Metrics.Except(await prometheus.Names(), StringComparer.Ordinal)];
                return missing.Count == 0;
            }
        );
        foreach (var (_, query) in Monitoring.Queries)
            await prometheus.Query(query);
        var metrics = await first.Client.GetStringAsync(new Uri("/metrics", UriKind.Relative));
        (await Promtool.CheckMetrics(metrics)).Where(found => found.Contains("notificationbus_", StringComparison.Ordinal)).ShouldBeEmpty();

        // Somebody deletes what was accepted.
        (await Firing(prometheus, "NotificationBusLedgerUnreconciled")).ShouldBeEmpty();
        await using var record = new The_record(database);
        await record.Execute("DELETE FROM notification WHERE id IN (SELECT id FROM notification WHERE completed_at IS NOT NULL LIMIT 1)");
        await prometheus.Until(
            "the alert of what is lost",
            Soon,
            async () => (await Firing(prometheus, "NotificationBusLedgerUnreconciled")).Any()
        );

        await second.Kill();
        await prometheus.Until(
            "the alert of a host that is gone",
            Soon,
            async () =>
                (await Firing(prometheus, "NotificationBusHostGone")).Any(labels =>
                    labels["instance"] == second.Client.BaseAddress!.Authority
                )
        );
    }

    static async Task<IEnumerable<IReadOnlyDictionary<string, string>>> Firing(PrometheusServer prometheus, string alert) =>
        (await prometheus.Firing()).Where(labels => labels["alertname"] == alert);

    static Task UntilValue(PrometheusServer prometheus, string expression, double value) =>
        prometheus.Until(
            $"{expression} = {value}",
            Soon,
            async () => await prometheus.Query(expression) is [var only] && only.Value == value
        );

    static string WaitsForNothing(string rules) => Wait().Replace(rules, "");

    [GeneratedRegex(
        @"^ +(for|interval): \d+m.*\n",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.Multiline | RegexOptions.NonBacktracking
    )]
    private static partial Regex Wait();
}
