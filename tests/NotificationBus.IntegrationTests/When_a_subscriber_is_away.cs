using System.Net.Http.Json;
using NotificationBus.IntegrationTests.Servers;

namespace NotificationBus.IntegrationTests;

/// <summary>18.2: what a subscriber is told is stored with the step that it is about.</summary>
public sealed class When_a_subscriber_is_away(BusAndDatabase servers)
{
    const int Count = 400;

    static readonly TimeSpan Soon = TimeSpan.FromMinutes(4);
    static readonly string Producer = Path.Combine(AppContext.BaseDirectory, "NotificationBus.Producer.dll");

    static readonly string[] Everything = ["notification.delivered", "delivery.sent"];

    static readonly Dictionary<string, string> Settings = new(StringComparer.Ordinal)
    {
        ["Webhooks:AllowPrivateAddresses"] = "true",
        // What was taken by a host that is killed is due again when its lease is over: this, and 15 s.
        ["Webhooks:Timeout"] = "00:00:05",
        ["Webhooks:RetryDelays"] = "00:00:01,00:00:02,00:00:05,00:00:10,00:10:00,00:10:00",
    };

    [Fact]
    public async Task Should_be_told_everything_in_order_when_it_comes_back_whatever_was_killed_meanwhile()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var record = new The_record(database);
        Uri where;
        await using (var gone = Subscriber.Start())
            where = gone.Url;

        await using (var first = await HostProcess.Start(broker, database, Settings))
        {
            await Subscribe(first.Client, where);
            var producing = ChildProcess.Run(["dotnet", Producer, "--broker", $"{broker}", "--count", $"{Count}"]);
            await record.Some($"SELECT count(*) / {Count} FROM subscription_delivery", Soon);
            await Kill(first);
            await producing;
        }

        await using (var second = await HostProcess.Start(broker, database, Settings))
        {
            await record.Some($"SELECT count(*) / {4 * Count} FROM subscription_delivery", Soon);
            await Kill(second);
        }

        await using var subscriber = Subscriber.Start(where);
        await using (var third = await HostProcess.Start(broker, database, Settings))
        {
            // A command that came twice and met itself at work was put off until the claim would run out.
            await record.LetAllBeDue();
            await record.UntilDelivered(4 * Count, Soon);
            await record.Some("SELECT count(*) / 500 FROM subscription_delivery WHERE status = 'Delivered'", Soon);
            await Kill(third);
        }

        await using var fourth = await HostInProcess.Start(broker, database, Settings);
        await record.Some("SELECT (NOT EXISTS (SELECT FROM subscription_delivery WHERE status <> 'Delivered'))::integer::bigint", Soon);

        var sent = await record.Scalar<long>("SELECT count(*) FROM delivery_overview WHERE status = 'sent'");
        var told = subscriber.Told.DistinctBy(one => one.Id).ToList();
        told.Count.ShouldBe((int)sent + 4 * Count, "each delivery and each outcome");
        (await record.Scalar<long>("SELECT count(*) FROM subscription_delivery")).ShouldBe(told.Count);
        foreach (var notification in told.GroupBy(one => one.NotificationId))
        {
            notification.Select(one => one.Sequence).ShouldBe(Enumerable.Range(1, notification.Count()));
            notification.Last().Type.ShouldBe("notification.delivered");
        }

        subscriber
            .Told.GroupBy(one => one.Id)
            .ShouldAllBe(same => same.Select(one => $"{one.Body}").Distinct(StringComparer.Ordinal).Count() == 1);

        async Task Kill(HostProcess host)
        {
            await host.Kill();
            await record.UntilAlone(Soon);
            await record.LetClaimsRunOut();
        }
    }

    [Fact]
    public async Task Should_keep_no_other_waiting()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var record = new The_record(database);
        await using var good = Subscriber.Start();
        await using var hanging = Subscriber.Start();
        hanging.Answer = _ => (204, null, TimeSpan.FromMinutes(30));
        Uri closed;
        await using (var gone = Subscriber.Start())
            closed = gone.Url;
        await using var host = await HostInProcess.Start(
            broker,
            database,
            new Dictionary<string, string>(Settings, StringComparer.Ordinal) { ["Webhooks:Timeout"] = "00:01:00" }
        );
        await Subscribe(host.Client, good.Url);
        var alone = await Tell(1);
        await Subscribe(host.Client, hanging.Url);
        await Subscribe(host.Client, closed);
        var beside = await Tell(2);

        hanging.Told.ShouldNotBeEmpty();
        (await record.Scalar<long>("SELECT count(DISTINCT subscription_id) FROM subscription_delivery")).ShouldBe(3);
        TestContext.Current.SendDiagnosticMessage(
            $"95 of 100 were told within {alone:0} ms alone, and {beside:0} ms beside two that are dead"
        );

        async Task<double> Tell(int round)
        {
            var before = good.Told.Count;
            // The first fifty of each are those of the round before, once more.
            await ChildProcess.Run(["dotnet", Producer, "--broker", $"{broker}", "--count", $"{50 * round}"]);
            await record.UntilDelivered(200 * round, Soon);
            var sent = await record.Scalar<long>("SELECT count(*) FROM delivery_overview WHERE status = 'sent'");
            await record.Some($"SELECT count(*) / {sent + 200 * round} FROM subscription_delivery WHERE status = 'Delivered'", Soon);
            good.Told.DistinctBy(one => one.Id).Count().ShouldBe((int)sent + 200 * round);
            var delays = good
                .Told.Skip(before)
                .Select(one => one.At - one.Body.GetProperty("timestamp").GetDateTimeOffset())
                .Order()
                .ToList();
            return delays[delays.Count * 95 / 100].TotalMilliseconds;
        }
    }

    static async Task Subscribe(HttpClient client, Uri url)
    {
        using var answer = await client.PostAsync(
            new Uri("/v1/subscriptions", UriKind.Relative),
            JsonContent.Create(new { url, events = Everything })
        );
        answer.IsSuccessStatusCode.ShouldBeTrue(await answer.Content.ReadAsStringAsync());
    }
}
