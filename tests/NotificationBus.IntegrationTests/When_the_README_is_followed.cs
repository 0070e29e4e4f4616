using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using NotificationBus.IntegrationTests.Servers;
using RabbitMQ.Client;

namespace NotificationBus.IntegrationTests;

public sealed partial class When_the_README_is_followed(BusAndDatabase servers)
{
    static readonly TimeSpan Soon = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Should_show_an_email_and_a_push_within_a_second_of_its_curl()
    {
        await using var host = await HostProcess.Start(
            new Dictionary<string, string>(StringComparer.Ordinal) { ["Transport"] = "InMemory" }
        );
        // The first event of a process pays for all that is compiled on the way.
        await Post(host, Readme.CurlBody);
        await Caught(host, 2, Soon);
        await host.Client.DeleteAsync(new Uri("/inbox/deliveries", UriKind.Relative));
        var another = JsonNode.Parse(Readme.CurlBody)!;
        another["eventId"] = "another one";

        await Post(host, another.ToJsonString());

        var channels = await Caught(host, 2, TimeSpan.FromSeconds(1));
        channels.Order(StringComparer.Ordinal).ShouldBe(["email", "push"]);
    }

    [Fact]
    public async Task Should_accept_its_curl_as_it_is_written()
    {
        await using var host = await HostInProcess.Start(
            new Dictionary<string, string>(StringComparer.Ordinal) { ["Transport"] = "InMemory" }
        );
        Readme.Curl.ShouldContain("localhost:8080");

        var printed = await ChildProcess.Run([
            "bash",
            "-c",
            Readme.Curl.Replace("localhost:8080", host.Client.BaseAddress!.Authority, StringComparison.Ordinal),
        ]);

        var id = JsonElement.Parse(printed).GetProperty("notifications")[0].GetProperty("id").GetGuid();
        await Caught(host, 2, Soon);
        using var found = await host.Client.GetAsync(new Uri($"/v1/notifications/{id}", UriKind.Relative));
        found.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Should_answer_its_other_curl_with_the_outcome()
    {
        await using var host = await HostInProcess.Start(
            new Dictionary<string, string>(StringComparer.Ordinal) { ["Transport"] = "InMemory" }
        );
        Readme.CurlForOutcome.ShouldContain("localhost:8080");

        var printed = await ChildProcess.Run([
            "bash",
            "-c",
            Readme.CurlForOutcome.Replace("localhost:8080", host.Client.BaseAddress!.Authority, StringComparison.Ordinal),
        ]);

        JsonElement.Parse(printed).GetProperty("status").GetString().ShouldBe("delivered");
    }

    /// <summary>The same events as those of the page, on real servers: the story has the same sentences, by the same authors.</summary>
    [Fact]
    public async Task Should_explain_what_it_says_with_the_command_it_gives()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var record = new The_record(database);
        await using var host = await HostInProcess.Start(broker, database);
        await Pause(host, paused: true);
        using var accepted = await host.Client.PostAsJsonAsync("/v1/events/order-placed", JsonNode.Parse(Readme.CurlBody)!.AsObject());
        var id = JsonElement.Parse(await accepted.Content.ReadAsStringAsync()).GetProperty("notifications")[0].GetProperty("id").GetGuid();
        await record.Some($"SELECT count(*) FROM outgoing_message WHERE notification_id = '{id}' AND waits_for IS NOT NULL", Soon);
        await Pause(host, paused: false);
        await record.UntilDelivered(1, Soon);

        var printed = await ChildProcess.Run([
            "bash",
            "-c",
            $"ID={id}; {Readme.CurlToExplain.Replace("localhost:8080", host.Client.BaseAddress!.Authority, StringComparison.Ordinal)}",
        ]);

        Lines(printed).ShouldBe(Lines(Readme.Explained), ignoreOrder: true, printed);

        static IEnumerable<string> Lines(string story) =>
            story
                .Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => Varying().Replace(line, "…"))
                .Select(line => Times().Replace(line, "…"));
    }

    static async Task Pause(HostInProcess host, bool paused)
    {
        using var set = await host.Client.PutAsJsonAsync(
            "/v1/channels/email",
            new
            {
                paused,
                by = "ann",
                why = paused ? "a wrong template" : "mended",
            }
        );
        set.EnsureSuccessStatusCode();
        // Every host is told, and this one shows what it has heard.
        var waiting = Stopwatch.StartNew();
        while (
            (await host.Client.GetFromJsonAsync<JsonElement>("/v1/channels"))
                .GetProperty("channels")
                .EnumerateArray()
                .Single(channel => channel.GetProperty("channel").GetString() == "email")
                .GetProperty("paused")
                .GetBoolean() != paused
        )
        {
            waiting.Elapsed.ShouldBeLessThan(Soon);
            await Task.Delay(5);
        }
    }

    [GeneratedRegex("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Varying();

    [GeneratedRegex(@"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d|[\d.]+ m?s\b", RegexOptions.None, 1000)]
    private static partial Regex Times();

    [Fact]
    public async Task Should_take_its_envelope_and_answer_its_queries()
    {
        var (broker, database) = await servers.CreateBothEmpty();
        await using var record = new The_record(database);
        await using var host = await HostInProcess.Start(broker, database);
        var eventId = JsonElement.Parse(Readme.Envelope).GetProperty("message").GetProperty("eventId").GetString();

        await using (var connection = await new ConnectionFactory { Uri = broker }.CreateConnectionAsync())
        await using (
            var channel = await connection.CreateChannelAsync(
                new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true)
            )
        )
        {
            await channel.BasicPublishAsync(
                Readme.Word("NotificationBus.Contracts:"),
                routingKey: "",
                mandatory: true,
                new BasicProperties { ContentType = Readme.Word("application/vnd."), Persistent = true },
                Encoding.UTF8.GetBytes(Readme.Envelope)
            );
        }

        await record.UntilDelivered(1, Soon);
        (await record.Notifications($"event_id = '{eventId}'")).ShouldBe(1);
        (await record.Deliveries("status = 'sent'")).ShouldBe(2);

        Readme.Queries.Count.ShouldBeGreaterThanOrEqualTo(3);
        foreach (var query in Readme.Queries)
        {
            var (columns, rows) = await record.Read(query);
            columns.ShouldNotBeEmpty();
            if (
                query.Contains("FROM notification_overview", StringComparison.Ordinal) && !query.Contains("WHERE", StringComparison.Ordinal)
            )
                rows.ShouldBe(1, query);
            if (query.Contains("'seller-42'", StringComparison.Ordinal))
                rows.ShouldBe(2, query);
        }
    }

    static async Task Post(HostProcess host, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await host.Client.PostAsync(new Uri("/v1/events/order-placed", UriKind.Relative), content);
        answer.StatusCode.ShouldBe(HttpStatusCode.Accepted, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>Waits until so many deliveries are in the inbox, and gives their channels.</summary>
    static async Task<IReadOnlyList<string>> Caught(IRunningHost host, int wanted, TimeSpan within)
    {
        var waiting = Stopwatch.StartNew();
        while (true)
        {
            var asked = waiting.Elapsed;
            var caught = await host.Client.GetFromJsonAsync<JsonElement[]>("/inbox/deliveries");
            if (caught!.Length >= wanted)
                return [.. caught.Select(delivery => delivery.GetProperty("channel").GetString()!)];
            if (asked > within)
                throw new TimeoutException($"The inbox has {caught.Length} deliveries after {within}, wanted are {wanted}:\n{host.Output}");

            await Task.Delay(5);
        }
    }
}
