using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using NotificationBus.IntegrationTests.Servers;

namespace NotificationBus.IntegrationTests;

/// <summary>A call with thousands of items ends in the middle, and is made again under its key.</summary>
public sealed class When_a_host_is_killed_while_it_takes_many(BusAndDatabase servers)
{
    const int Count = 3_000;

    static readonly TimeSpan Soon = TimeSpan.FromMinutes(4);

    [Fact]
    public async Task Should_send_each_once_when_the_call_is_made_again()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var record = new The_record(database);
        await using var worker = await HostInProcess.Start(broker, database);
        var body = Encoding.UTF8.GetBytes($"[{string.Join(',', Enumerable.Range(0, Count).Select(Item))}]");

        // One confirm after the other, so that it is killed in the middle.
        var slow = new Dictionary<string, string>(StringComparer.Ordinal) { ["Roles"] = "api", ["Intake:ConcurrencyLimit"] = "1" };
        await using (var killed = await HostProcess.Start(broker, database, slow))
        {
            var call = Post(killed.Client, body);
            await record.Some("SELECT count(*) / 20 FROM notification", Soon);
            await killed.Kill();
            await Should.ThrowAsync<HttpRequestException>(async () => (await call).Dispose());
        }

        (await record.Notifications()).ShouldBeLessThan(Count, "the host was to be killed in the middle");

        using var answer = await Post(worker.Client, body);
        var text = await answer.Content.ReadAsStringAsync();
        answer.StatusCode.ShouldBe(HttpStatusCode.Accepted, text);
        var ids = JsonDocument
            .Parse(text)
            .RootElement.GetProperty("items")
            .EnumerateArray()
            .Select(item => item.GetProperty("notification").GetProperty("id").GetGuid())
            .ToHashSet();
        ids.Count.ShouldBe(Count);

        await record.UntilDelivered(Count, Soon);
        await record.UntilNothingIsOutgoing(Soon);
        await The_broker.HasNothingToDo(broker, Soon);
        (await record.Notifications()).ShouldBe(Count);
        (await record.Deliveries("status <> 'sent' OR attempts <> 1")).ShouldBe(0);
        (await record.Scalar<long>("SELECT count(*) FROM delivery_attempt")).ShouldBe(Count);
        (await record.Scalar<long>("SELECT count(DISTINCT recipient_id) FROM notification")).ShouldBe(Count);
    }

    static string Item(int index) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $$$"""{"category":"announcement","recipient":{"id":"r-{{{index}}}","email":"r{{{index}}}@example.com"},"channels":"""
                + $$$"""["email"],"data":{"title":"Hours","text":"Number {{{index}}}."} }"""
        );

    static async Task<HttpResponseMessage> Post(HttpClient client, byte[] body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/v1/notifications/batch", UriKind.Relative))
        {
            Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } },
        };
        request.Headers.Add("Idempotency-Key", "campaign");
        return await client.SendAsync(request);
    }
}
