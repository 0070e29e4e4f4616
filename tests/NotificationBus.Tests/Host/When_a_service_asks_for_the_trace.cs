using System.Diagnostics;
using NotificationBus.Tests.Channels.Http;

namespace NotificationBus.Tests.Host;

/// <summary>A service of one's own goes on with the trace. Vendors are told nothing (<see cref="When_traces_are_sent"/>).</summary>
public sealed class When_a_service_asks_for_the_trace
{
    [Fact]
    public async Task Should_be_told_it_and_nothing_else_that_the_producer_attached()
    {
        await using var collector = new ScriptedHttpServer();
        await using var service = new ScriptedHttpServer();
        collector.Answers("200 OK");
        service.Answers("200 OK");
        await using var host = new RunningHost
        {
            Settings =
            [
                $"--Telemetry:Otlp:Endpoint=http://127.0.0.1:{collector.Port}",
                "--Telemetry:Otlp:Protocol=HttpProtobuf",
                "--Channels:email:Providers=ours",
                "--Providers:ours:Type=http",
                $"--Providers:ours:Url={service.Url}",
                "--Providers:ours:SendTraceParent=true",
                "--EventTypes:order-placed:Channels=email",
            ],
        };
        await host.InitializeAsync();
        var trace = ActivityTraceId.CreateRandom();

        var accepted = await host.Post(
            "/v1/events/order-placed",
            Occurrence.ByName["order-placed"],
            ("traceparent", $"00-{trace}-{ActivitySpanId.CreateRandom()}-01"),
            ("baggage", "whose=canary")
        );
        await host.Outcome(accepted.Self);

        var head = service.Requests.ShouldHaveSingleItem().Head;
        head.ShouldContain($"traceparent: 00-{trace}-");
        head.ShouldNotContain("canary");
    }
}
