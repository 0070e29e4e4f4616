using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using NotificationBus.Contracts;
using NotificationBus.IntegrationTests.Servers;

namespace NotificationBus.IntegrationTests;

/// <summary>The promises of hosts over HTTP, held against the record: what is lost shows, and nothing else does.</summary>
public sealed class When_promises_are_kept_in_the_ledger(BusAndDatabase servers)
{
    static readonly TimeSpan Soon = TimeSpan.FromMinutes(2);

    // What is not on record, whether it is time to miss it or not.
    const string Missing = """
        SELECT count(*) FROM unrecorded_notification u
        WHERE NOT EXISTS (SELECT FROM notification n JOIN notification_key k ON k.id = n.id AND k.created_at = n.created_at
            WHERE n.id = u.id)
        """;

    [Fact]
    public async Task Should_miss_what_the_broker_has_lost()
    {
        var (broker, database) = await servers.CreateBoth();
        await HasQueues(broker, database);
        await using var record = new The_record(database);
        await using var api = await HostInProcess.Start(broker, database, Settings("api"));
        foreach (var number in Enumerable.Range(1, 7))
            (await Post(api, number)).ShouldBe(HttpStatusCode.Accepted);
        await record.Until(Missing, 7, Soon);
        await UntilGauge(api, 7, "notificationbus_queue_depth", "queue=\"notifications\"");
        await UntilGauge(api, 0, "notificationbus_queue_consumers", "queue=\"notifications\"");
        await The_broker.Purge(broker, "notifications");

        await using var worker = await HostInProcess.Start(broker, database, Settings("worker"));
        (await Post(api, 8)).ShouldBe(HttpStatusCode.Accepted);
        await record.UntilDelivered(1, Soon);
        await record.Execute("UPDATE unrecorded_notification SET accepted_at = accepted_at - interval '1 minute'");

        await UntilGauge(api, 7);
        await UntilGauge(worker, 7);
        (await record.Scalar<long>("SELECT sum(difference)::bigint FROM ledger")).ShouldBe(7);
        (await record.Scalar<long>("SELECT sum(accepted)::bigint FROM ledger")).ShouldBe(8);
    }

    [Fact]
    public async Task Should_miss_a_row_that_somebody_deletes()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var record = new The_record(database);
        await using var host = await HostInProcess.Start(broker, database, Settings("api,worker"));
        (await Post(host, 1)).ShouldBe(HttpStatusCode.Accepted);
        await record.UntilDelivered(1, Soon);
        await UntilGauge(host, 0);

        await record.Execute("DELETE FROM notification");
        var deleted = Stopwatch.StartNew();

        await UntilGauge(host, 1);
        deleted.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(60));
        var ledger = await host.Client.GetFromJsonAsync<JsonElement>("/v1/ledger");
        ledger.GetProperty("unreconciled").GetInt64().ShouldBe(1);
    }

    [Fact]
    public async Task Should_count_once_what_is_repeated_at_another_host_while_it_waits()
    {
        var (broker, database) = await servers.CreateBoth();
        await HasQueues(broker, database);
        await using var record = new The_record(database);
        await using var one = await HostInProcess.Start(broker, database, Settings("api"));
        await using var other = await HostInProcess.Start(broker, database, Settings("api"));
        foreach (var host in new[] { one, other, one, other })
            (await Post(host, 1)).ShouldBe(HttpStatusCode.Accepted);
        await record.Until(Missing, 1, Soon);

        await using var worker = await HostInProcess.Start(broker, database, Settings("worker"));
        await record.UntilDelivered(1, Soon);

        await record.Until(Missing, 0, Soon);
        await record.Until("SELECT count(*) FROM unrecorded_notification", 0, Soon);
        (await record.Scalar<long>("SELECT sum(accepted)::bigint FROM ledger")).ShouldBe(1);
        await UntilGauge(one, 0);
    }

    [Fact]
    public async Task Should_miss_nothing_when_hosts_are_killed_under_load()
    {
        const int Count = 400;
        var (broker, database) = await servers.CreateBoth();
        await using var record = new The_record(database);
        await using var survivor = await HostProcess.Start(broker, database, Settings("worker"));
        var host = await HostProcess.Start(broker, database, Settings("api,worker"));
        var accepted = 0;
        var posting = Parallel.ForEachAsync(
            Enumerable.Range(1, Count),
            new ParallelOptions { MaxDegreeOfParallelism = 8 },
            async (number, _) =>
            {
                while (!await IsAccepted(host, number)) { }
                Interlocked.Increment(ref accepted);
            }
        );
        try
        {
            foreach (var after in (int[])[Count / 4, Count / 2])
            {
                while (Volatile.Read(ref accepted) < after && !posting.IsCompleted)
                    await Task.Delay(5);
                var killed = host;
                host = await HostProcess.Start(broker, database, Settings("api,worker"));
                await killed.Kill();
                await killed.DisposeAsync();
            }

            await posting;
            await record.Until("SELECT count(*) FROM notification", Count, Soon);

            await record.Until(Missing, 0, Soon);
            await record.Until("SELECT count(*) FROM unrecorded_notification", 0, Soon);
            (await record.Scalar<long>("SELECT sum(accepted)::bigint FROM ledger")).ShouldBe(Count);
            (await record.Scalar<long>("SELECT sum(difference)::bigint FROM ledger")).ShouldBe(0);
        }
        finally
        {
            await host.DisposeAsync();
        }
    }

    [Fact]
    public async Task Should_count_no_promise_that_was_refused()
    {
        var (broker, database) = await servers.CreateBoth();
        await HasQueues(broker, database);
        await using var record = new The_record(database);
        await using var api = await HostInProcess.Start(
            broker,
            database,
            new Dictionary<string, string>(Settings("api"), StringComparer.Ordinal) { ["Intake:ConcurrencyLimit"] = "1" }
        );
        var answers = await Task.WhenAll(Enumerable.Range(1, 200).Select(number => Post(api, number)));
        answers.ShouldContain(HttpStatusCode.TooManyRequests);
        var accepted = answers.Count(answer => answer == HttpStatusCode.Accepted);
        accepted.ShouldBeGreaterThan(0);

        await record.Until(Missing, accepted, Soon);
        await api.Stop();
        (await record.Scalar<long>("SELECT count(*) FROM unrecorded_notification")).ShouldBe(accepted);
    }

    /// <summary>A worker was there once: where there is no queue, nothing is accepted.</summary>
    static async Task HasQueues(Uri broker, string database)
    {
        await using var worker = await HostInProcess.Start(broker, database, Settings("worker"));
    }

    static Dictionary<string, string> Settings(string roles) =>
        new(StringComparer.Ordinal)
        {
            ["Roles"] = roles,
            ["Telemetry:Record:Interval"] = "00:00:01",
            ["EventTypes:order-placed:Channels"] = "push",
        };

    static async Task<bool> IsAccepted(HostProcess host, int number)
    {
        try
        {
            return await Post(host, number) == HttpStatusCode.Accepted;
        }
        catch (Exception killed) when (killed is HttpRequestException or OperationCanceledException)
        {
            await Task.Delay(20);
            return false;
        }
    }

    static async Task<HttpStatusCode> Post(IRunningHost host, int number)
    {
        var order = new OrderPlaced
        {
            EventId = $"order-{number}",
            OrderId = $"{4711 + number}",
            Product = "Blue ceramic bowl",
            Total = new Money(590, "THB"),
            Buyer = new Contact { Id = "buyer-7" },
            Seller = new Contact { Id = $"seller-{number}", PushTokens = [$"phone-{number}"] },
        };
        using var answer = await host.Client.PostAsJsonAsync("/v1/events/order-placed", order, JsonSerializerOptions.Web);
        return answer.StatusCode;
    }

    /// <summary>Waits until the gauge of a host shows so many, as Prometheus sees it.</summary>
    static async Task UntilGauge(HostInProcess host, long wanted, string name = "notificationbus_ledger_unreconciled", string label = "")
    {
        using var patience = new CancellationTokenSource(Soon);
        while (true)
        {
            var metrics = await host.Client.GetStringAsync("/metrics", patience.Token);
            var line = metrics
                .Split('\n')
                .FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal) && line.Contains(label, StringComparison.Ordinal));
            if (line is not null && Value(line) == wanted)
                return;
            if (patience.IsCancellationRequested)
                throw new TimeoutException($"{name} {line ?? "is not there"}, wanted is {wanted}");
            await Task.Delay(100, patience.Token);
        }
    }

    static double Value(string line) =>
        double.Parse(
            line[(line.LastIndexOf('}') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0],
            CultureInfo.InvariantCulture
        );
}
