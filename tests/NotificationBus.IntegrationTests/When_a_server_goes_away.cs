using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using NotificationBus.Contracts;
using NotificationBus.IntegrationTests.Servers;

namespace NotificationBus.IntegrationTests;

/// <summary>Servers nobody else needs, because these tests hurt them.</summary>
[Collection(nameof(RabbitMqToHurt))]
public sealed class When_a_server_goes_away(BusAndDatabase servers, RabbitMqToHurt own)
{
    static readonly TimeSpan Soon = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Should_wait_for_the_database_and_deliver_when_it_is_back()
    {
        var broker = await servers.CreateVirtualHost();
        await using var postgres = await PostgresServer.Start();
        var database = await postgres.CreateDatabase();
        await using var host = await HostInProcess.Start(broker, database);

        await postgres.Kill();
        await Answers(host, "/health/ready", HttpStatusCode.ServiceUnavailable);
        using (var accepted = await Post(host, "order-1"))
            accepted.StatusCode.ShouldBe(HttpStatusCode.Accepted, "the event is durable in RabbitMQ");
        using (var waiting = await Wait(host, "announcement-1"))
        {
            waiting.StatusCode.ShouldBe(HttpStatusCode.Accepted, "the outcome cannot be asked for, and the request was taken all the same");
            waiting.Headers.GetValues("Preference-Applied").ShouldBe(["wait=5"]);
            (await waiting.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("status").GetString().ShouldBe("accepted");
        }

        using (var asked = await host.Client.GetAsync(new Uri("/v1/notifications", UriKind.Relative)))
        {
            asked.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
            asked.Headers.RetryAfter.ShouldNotBeNull();
        }

        await postgres.Restart();

        await Answers(host, "/health/ready", HttpStatusCode.OK);
        await using var record = new The_record(database);
        await record.UntilDelivered(2, Soon);
        (await record.Deliveries("status = 'sent' AND attempts = 1")).ShouldBe(2);
        await The_broker.ShouldHaveNoStrays(broker);
    }

    [Fact]
    public async Task Should_answer_503_in_time_while_the_broker_is_frozen_and_take_the_repetition_once()
    {
        var rabbit = await own.Server;
        var broker = await rabbit.CreateVirtualHost();
        var database = await servers.CreateDatabase();
        await using var host = await HostInProcess.Start(
            broker,
            database,
            new Dictionary<string, string>(StringComparer.Ordinal) { ["Publishing:Timeout"] = "00:00:02" }
        );
        await using var record = new The_record(database);

        rabbit.Freeze();
        var asked = Stopwatch.StartNew();
        using (var refused = await Post(host, "order-1"))
        {
            refused.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
            refused.Headers.RetryAfter.ShouldNotBeNull();
            refused.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        }

        asked.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(30));
        rabbit.Thaw();
        await Answers(host, "/health/ready", HttpStatusCode.OK);
        using (var accepted = await Post(host, "order-1"))
            accepted.StatusCode.ShouldBe(HttpStatusCode.Accepted);

        await record.UntilDelivered(1, Soon);
        await The_broker.Has(0, broker, "notifications", Soon);
        await host.Stop();
        (await record.Notifications()).ShouldBe(1, "the refused call may have arrived, under the same id");
        (await record.Deliveries("attempts = 1")).ShouldBe(1);
    }

    [Fact]
    public async Task Should_refuse_at_once_what_it_cannot_take_while_the_broker_is_frozen()
    {
        var rabbit = await own.Server;
        var broker = await rabbit.CreateVirtualHost();
        var database = await servers.CreateDatabase();
        await using var host = await HostInProcess.Start(
            broker,
            database,
            new Dictionary<string, string>(StringComparer.Ordinal) { ["Intake:ConcurrencyLimit"] = "2" }
        );
        await using var record = new The_record(database);

        rabbit.Freeze();
        HttpResponseMessage[] answers = await Task.WhenAll(Post(host, "order-1"), Post(host, "order-2"), Post(host, "order-3"));
        answers
            .Select(answer => answer.StatusCode)
            .Order()
            .ShouldBe([HttpStatusCode.TooManyRequests, HttpStatusCode.ServiceUnavailable, HttpStatusCode.ServiceUnavailable]);
        answers.ShouldAllBe(answer =>
            answer.Headers.RetryAfter != null && answer.Content.Headers.ContentType!.MediaType == "application/problem+json"
        );

        // Now it knows that nothing is confirmed: one call finds out whether that is over, and the other is not kept waiting.
        var (one, other) = (Post(host, "order-4"), Post(host, "order-5"));
        var refused = await Task.WhenAny(one, other);
        (await refused).StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        var trying = refused == one ? other : one;
        trying.IsCompleted.ShouldBeFalse();

        rabbit.Thaw();
        await Answers(host, "/health/ready", HttpStatusCode.OK);
        (await trying).Dispose();
        foreach (var orderId in (string[])["order-1", "order-2", "order-3", "order-4", "order-5"])
        {
            using var accepted = await Post(host, orderId);
            accepted.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        }

        await record.UntilDelivered(5, Soon);
        host.Output.Lines().Count(line => line.Contains("callers of the API are told to come again", StringComparison.Ordinal)).ShouldBe(1);
        foreach (var answer in answers)
            answer.Dispose();
    }

    [Fact]
    public async Task Should_not_accept_what_no_queue_would_keep()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var api = await HostInProcess.Start(
            broker,
            database,
            new Dictionary<string, string>(StringComparer.Ordinal) { ["Roles"] = "api" }
        );

        using (var refused = await Post(api, "order-1"))
            refused.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable, "no worker has declared the queues");

        await using var worker = await HostInProcess.Start(
            broker,
            database,
            new Dictionary<string, string>(StringComparer.Ordinal) { ["Roles"] = "worker" }
        );
        using (var accepted = await Post(api, "order-1"))
            accepted.StatusCode.ShouldBe(HttpStatusCode.Accepted);

        await using var record = new The_record(database);
        await record.UntilDelivered(1, Soon);
        using var noApi = await Post(worker, "order-2");
        noApi.StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Should_be_ready_only_while_the_broker_is_there()
    {
        var rabbit = await own.Server;
        var broker = await rabbit.CreateVirtualHost();
        var database = await servers.CreateDatabase();
        await using var api = await HostInProcess.Start(
            broker,
            database,
            new Dictionary<string, string>(StringComparer.Ordinal) { ["Roles"] = "api" }
        );
        await using var both = await HostInProcess.Start(
            broker,
            database,
            new Dictionary<string, string>(StringComparer.Ordinal) { ["Roles"] = "api,worker" }
        );

        await rabbit.Kill();
        foreach (var host in (HostInProcess[])[api, both])
        {
            await Answers(host, "/health/ready", HttpStatusCode.ServiceUnavailable);
            await Answers(host, "/health/live", HttpStatusCode.OK);
        }

        await rabbit.Restart();
        foreach (var host in (HostInProcess[])[api, both])
            await Answers(host, "/health/ready", HttpStatusCode.OK);
    }

    static Task<HttpResponseMessage> Post(HostInProcess host, string eventId) =>
        host.Client.PostAsJsonAsync(
            "/v1/events/order-placed",
            new OrderPlaced
            {
                EventId = eventId,
                OrderId = "4711",
                Product = "Blue ceramic bowl",
                Total = new Money(590, "THB"),
                Buyer = new Contact { Id = "buyer-7" },
                Seller = new Contact { Id = "seller-42", PushTokens = ["demo-token"] },
            },
            JsonSerializerOptions.Web
        );

    /// <summary>Asks for an announcement, and for its outcome in the answer.</summary>
    static async Task<HttpResponseMessage> Wait(HostInProcess host, string eventId)
    {
        using var call = new HttpRequestMessage(HttpMethod.Post, "/v1/notifications")
        {
            Headers = { { "Prefer", "wait=5" } },
            Content = JsonContent.Create(
                new
                {
                    eventId,
                    category = "announcement",
                    recipient = new { id = "seller-42", pushTokens = new[] { "demo-token" } },
                    data = new { title = "Market day", text = "Stalls open at nine." },
                }
            ),
        };
        return await host.Client.SendAsync(call);
    }

    static async Task Answers(HostInProcess host, string path, HttpStatusCode wanted)
    {
        var waiting = Stopwatch.StartNew();
        while (true)
        {
            using var answer = await host.Client.GetAsync(new Uri(path, UriKind.Relative));
            if (answer.StatusCode == wanted)
                return;
            if (waiting.Elapsed > TimeSpan.FromMinutes(2))
                throw new TimeoutException(
                    $"{path} still answers {answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}\n{host.Output}"
                );

            await Task.Delay(100);
        }
    }
}
