using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using NotificationBus.IntegrationTests.Servers;
using NotificationBus.Tests.Channels.Http;

namespace NotificationBus.IntegrationTests;

/// <summary>
/// The producer speaks plain AMQP, and says in a header of its message to which trace it belongs. The saga runs in one host, and what sends
/// in another; both tell a collector over gRPC. The first service for mail is broken.
/// </summary>
public sealed class When_a_producer_is_traced(BusAndDatabase servers)
{
    static readonly TimeSpan Soon = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Should_lead_from_its_message_to_the_calls_of_the_providers_and_to_what_the_log_says_of_them()
    {
        var (broker, database) = await servers.CreateBoth();
        await using var collector = await OtlpCollector.Start();
        await using var gateway = new ScriptedHttpServer();
        await using var backup = new ScriptedHttpServer();
        gateway.Answers("503 Service Unavailable");
        backup.Answers("200 OK");
        await using var saga = await HostProcess.Start(broker, database, Settings("saga"));
        await using var sender = await HostProcess.Start(broker, database, Settings("sender"));
        await using var producer = await PlainAmqpProducer.Connect(broker);
        var trace = ActivityTraceId.CreateRandom();

        await producer.Publish("OrderPlaced", Order(), $"00-{trace}-{ActivitySpanId.CreateRandom()}-01");

        // Of the line, and of no other: where a trace is not said, it is that of nobody.
        var line = JsonElement.Parse(await sender.Line(written => written.Contains("NotAccepted", StringComparison.Ordinal), Soon));
        line.GetProperty("TraceId").GetString().ShouldBe($"{trace}");
        var said = line.GetProperty("Properties");
        said.GetProperty("NotificationId").GetGuid().ShouldNotBe(said.GetProperty("DeliveryId").GetGuid());
        said.GetProperty("EventId").GetProperty("Name").GetString().ShouldBe("NotAccepted");
        $"{line}".ShouldNotContain("som@example.com");
        await sender.Until(
            "the spans",
            Soon,
            () => Task.FromResult(collector.HasSpan(trace, "take OrderPlaced") && collector.HasSpan(trace, "send email"))
        );
        backup.Requests.ShouldHaveSingleItem().Head.ShouldNotContain("traceparent", Case.Insensitive);

        Dictionary<string, string> Settings(string role) =>
            new(StringComparer.Ordinal)
            {
                ["Roles"] = role,
                ["Telemetry:Otlp:Endpoint"] = collector.Endpoint,
                ["Telemetry:Traces:SampleShare"] = "0",
                ["Channels:email:Providers"] = "gateway,backup",
                ["Providers:gateway:Type"] = "http",
                ["Providers:gateway:Url"] = $"{gateway.Url}",
                ["Providers:backup:Type"] = "http",
                ["Providers:backup:Url"] = $"{backup.Url}",
                ["EventTypes:order-placed:Channels"] = "email",
            };
    }

    static JsonObject Order() =>
        new()
        {
            ["eventId"] = "order-4711",
            ["orderId"] = "4711",
            ["product"] = "Blue ceramic bowl",
            ["total"] = new JsonObject { ["amount"] = 590, ["currency"] = "THB" },
            ["buyer"] = new JsonObject { ["id"] = "buyer-7" },
            ["seller"] = new JsonObject { ["id"] = "seller-42", ["email"] = "som@example.com" },
        };
}
