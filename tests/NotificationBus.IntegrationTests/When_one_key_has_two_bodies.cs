using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using MassTransit;
using NotificationBus.Contracts;

namespace NotificationBus.IntegrationTests;

/// <summary>
/// A12: one key, two bodies, with two hosts on real servers: before the first has ended and after, over HTTP and on the bus.
/// </summary>
public sealed class When_one_key_has_two_bodies(BusAndDatabase servers)
{
    static readonly TimeSpan Soon = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Should_be_refused_by_every_host_whether_the_first_has_ended_or_not()
    {
        var (broker, database) = await servers.CreateBoth();
        var slow = new Dictionary<string, string>(StringComparer.Ordinal) { ["Providers:sandbox:Latency"] = "00:00:05" };
        await using var one = await HostInProcess.Start(broker, database, slow);
        await using var other = await HostInProcess.Start(broker, database, slow);

        using var first = await Post(one, "Stalls open at nine.");
        first.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        var self = first.Headers.Location!.OriginalString;
        await Until(other, self, status => status is not null);

        foreach (var host in (HostInProcess[])[one, other])
            await ShouldBeRefused(host, self);

        await Until(other, self, status => status == "delivered");
        foreach (var host in (HostInProcess[])[one, other])
        {
            await ShouldBeRefused(host, self);
            using var again = await Post(host, "Stalls open at nine.", "wait=30");
            again.StatusCode.ShouldBe(HttpStatusCode.OK);
        }
    }

    [Fact]
    public async Task Should_be_set_aside_on_the_bus_with_that_reason()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var host = await HostInProcess.Start(broker, database);
        using var first = await Post(host, "Stalls open at nine.", "wait=30");
        first.StatusCode.ShouldBe(HttpStatusCode.OK);
        var bus = Bus.Factory.CreateUsingRabbitMq(rabbit => rabbit.Host(broker));
        await bus.StartAsync().WaitAsync(Soon);
        try
        {
            await bus.Publish(Request("Stalls stay closed."));
        }
        finally
        {
            await bus.StopAsync();
        }

        var id = (await first.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetGuid();
        var reason = await Waiting.For(
            async () =>
                (await host.Client.GetFromJsonAsync<JsonElement>("/v1/failed-messages"))
                    .GetProperty("failedMessages")
                    .EnumerateArray()
                    .Select(message => message.GetProperty("reason").GetString())
                    .FirstOrDefault(),
            Soon
        );
        reason.ShouldBe($"its eventId names notification {id}, which was begun with other content");
    }

    /// <summary>
    /// Neither host knows yet what the other has taken: both may answer 202, and then it is one notification, one text, and on record that
    /// the other one was set aside. Whoever asks again is told.
    /// </summary>
    [Fact]
    public async Task Should_be_one_text_and_a_refusal_when_both_come_at_the_same_time()
    {
        const int Pairs = 20;
        const string Open = "Stalls open at nine.";
        const string Closed = "Stalls stay closed.";
        var (broker, database) = await servers.CreateBoth();
        await using var one = await HostInProcess.Start(broker, database);
        await using var other = await HostInProcess.Start(broker, database);

        var setAside = new List<string>();
        foreach (var day in Enumerable.Range(1, Pairs).Select(number => $"market-day-{number}"))
        {
            var both = await Task.WhenAll(Post(one, Open, eventId: day), Post(other, Closed, eventId: day));
            var taken = both.Where(answer => answer.StatusCode == HttpStatusCode.Accepted).ToList();
            taken.ShouldNotBeEmpty();
            foreach (var refused in both.Except(taken))
                refused.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
            var self = taken.Select(answer => answer.Headers.Location!.OriginalString).Distinct(StringComparer.Ordinal).Single();
            await Until(one, self, status => status == "delivered");

            using var open = await Post(one, Open, "wait=30", day);
            using var closed = await Post(other, Closed, "wait=30", day);
            HttpStatusCode[] told = [open.StatusCode, closed.StatusCode];
            told.ShouldBe([HttpStatusCode.OK, HttpStatusCode.UnprocessableEntity], ignoreOrder: true);
            (await Texts(one, self)).ShouldBe([open.StatusCode == HttpStatusCode.OK ? Open : Closed]);
            if (taken.Count == 2)
                setAside.Add(self[(self.LastIndexOf('/') + 1)..]);
            foreach (var answer in both)
                answer.Dispose();
        }

        setAside.ShouldNotBeEmpty("no two came at the same time, and what is set aside was not looked at");
        TestContext.Current.SendDiagnosticMessage($"Of {Pairs} pairs both were answered with 202 in {setAside.Count}");
        // A host that does not hear from the record in time takes what comes again, too, and it is set aside as well.
        await Waiting.For(
            async () =>
            {
                var failed = (await one.Client.GetFromJsonAsync<JsonElement>("/v1/failed-messages?limit=100")).GetProperty(
                    "failedMessages"
                );
                var said = failed.EnumerateArray().Select(message => message.GetProperty("reason").GetString()!).ToList();
                return setAside.TrueForAll(id => said.Contains($"its eventId names notification {id}, which was begun with other content"))
                    ? said
                    : null;
            },
            Soon
        );
    }

    /// <summary>What was sent for a notification, each text once.</summary>
    static async Task<IReadOnlyList<string>> Texts(HostInProcess host, string self)
    {
        var notification = await host.Client.GetFromJsonAsync<JsonElement>(self);
        var texts = new List<string>();
        foreach (var delivery in notification.GetProperty("deliveries").EnumerateArray())
        {
            var content = await host.Client.GetFromJsonAsync<JsonElement>(
                $"{self}/deliveries/{delivery.GetProperty("id").GetString()}/content"
            );
            texts.AddRange(
                content
                    .GetProperty("parts")
                    .EnumerateArray()
                    .Where(part => part.GetProperty("name").GetString() == "body")
                    .Select(part => part.GetProperty("text").GetString()!)
            );
        }

        return [.. texts.Distinct(StringComparer.Ordinal)];
    }

    static async Task ShouldBeRefused(HostInProcess host, string first)
    {
        using var refused = await Post(host, "Stalls stay closed.", "wait=30");
        refused.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        (await refused.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("detail").GetString()!.ShouldContain(first);
    }

    static Task<string?> Until(HostInProcess host, string self, Func<string?, bool> condition) =>
        Waiting.For(
            async () =>
            {
                using var answer = await host.Client.GetAsync(new Uri(self, UriKind.Relative));
                var status = answer.IsSuccessStatusCode
                    ? (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("status").GetString()
                    : null;
                return condition(status) ? status : null;
            },
            Soon
        );

    static async Task<HttpResponseMessage> Post(HostInProcess host, string text, string preference = "", string eventId = "market-day")
    {
        using var call = new HttpRequestMessage(HttpMethod.Post, "/v1/notifications")
        {
            Content = JsonContent.Create(Request(text, eventId), options: JsonSerializerOptions.Web),
        };
        if (preference.Length > 0)
            call.Headers.Add("Prefer", preference);
        return await host.Client.SendAsync(call);
    }

    static NotificationRequested Request(string text, string eventId = "market-day") =>
        new()
        {
            EventId = eventId,
            Category = "announcement",
            Recipient = new Contact { Id = "buyer-7", PushTokens = ["demo-token"] },
            Data = JsonSerializer.SerializeToElement(new { title = "Market day", text }),
        };
}

/// <summary>Waits for something that comes by itself.</summary>
static class Waiting
{
    public static async Task<T?> For<T>(Func<Task<T?>> look, TimeSpan atMost)
        where T : class
    {
        for (var began = System.Diagnostics.Stopwatch.StartNew(); began.Elapsed < atMost; await Task.Delay(20))
        {
            if (await look() is { } found)
                return found;
        }

        throw new TimeoutException($"It did not come within {atMost}");
    }
}
