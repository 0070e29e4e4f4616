using System.Diagnostics;
using System.Text;
using MassTransit;
using NotificationBus.Tests.Channels.Http;
using NotificationBus.Tests.TestKit;
using OpenTelemetry.Trace;

namespace NotificationBus.Tests.Host;

/// <summary>The collector speaks OTLP over HTTP: texts stand in its requests as they are, and ids as their octets.</summary>
public sealed class When_traces_are_sent : IAsyncLifetime
{
    const string Secret = "T0CANARY/B0CANARY/s3cr3tcanary";

    readonly ScriptedHttpServer _collector = new();
    readonly ScriptedHttpServer _vendor = new();
    RunningHost? _host;

    RunningHost Running => _host!;

    public async ValueTask InitializeAsync()
    {
        _collector.Answers("200 OK");
        _vendor.Answers("200 OK");
        _host = new RunningHost
        {
            Settings =
            [
                $"--Telemetry:Otlp:Endpoint=http://127.0.0.1:{_collector.Port}",
                "--Telemetry:Otlp:Protocol=HttpProtobuf",
                "--Telemetry:Traces:SampleShare=0",
                "--Channels:email:Providers=gateway",
                "--Providers:gateway:Type=http",
                $"--Providers:gateway:Url={_vendor.Url}/{Secret}?token={Secret}",
                "--EventTypes:order-placed:Channels=email",
            ],
        };
        await _host.InitializeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
            await _host.DisposeAsync();
        await _collector.DisposeAsync();
        await _vendor.DisposeAsync();
    }

    [Fact]
    public async Task Should_lead_from_a_producers_request_to_the_call_of_the_provider()
    {
        var trace = ActivityTraceId.CreateRandom();

        var accepted = await Running.Post(
            "/v1/events/order-placed",
            Occurrence.With("order-placed", "seller.email", "canary@example.com"),
            ("traceparent", Parent(trace))
        );
        await Running.Outcome(accepted.Self);

        await Collected(() => HasSpan(trace, "send email"));
        HasSpan(trace, "POST /v1/events/{name}").ShouldBeTrue();
        Spans().ShouldContain("notificationbus.outcome");
    }

    [Fact]
    public async Task Should_lead_from_a_producers_message_to_the_call_of_the_provider()
    {
        var trace = ActivityTraceId.CreateRandom();

        await Running.Bus.Publish(An.OrderPlaced(), publish => publish.Headers.Set("traceparent", Parent(trace)));

        await Collected(() => HasSpan(trace, "send email"));
        HasSpan(trace, "take OrderPlaced").ShouldBeTrue();
    }

    [Fact]
    public async Task Should_go_on_after_a_command_was_put_off()
    {
        var trace = ActivityTraceId.CreateRandom();
        await Running.Put("/v1/channels/email", """{"by":"ann","why":"test","paused":true}""");
        var accepted = await Running.Post("/v1/events/order-placed", Occurrence.ByName["order-placed"], ("traceparent", Parent(trace)));
        await Running.Until(
            accepted.Self,
            notification =>
                notification.TryGetProperty("deliveries", out var deliveries) && deliveries[0].TryGetProperty("waitingFor", out _)
        );

        await Running.Put("/v1/channels/email", """{"by":"ann","why":"test","paused":false}""");
        await Running.Outcome(accepted.Self);

        await Collected(() => HasSpan(trace, "send email"));
    }

    [Fact]
    public async Task Should_tell_the_collector_no_secret_and_nobodys_address_and_the_vendor_nothing()
    {
        var trace = ActivityTraceId.CreateRandom();
        var accepted = await Running.Post(
            "/v1/events/order-placed",
            Occurrence.With("order-placed", "seller.email", "canary@example.com"),
            ("traceparent", Parent(trace)),
            ("User-Agent", "canary-agent")
        );
        await Running.Outcome(accepted.Self);
        await Running.Get($"{accepted.Self}?token=canary");

        await Collected(() =>
            HasSpan(trace, "send email") && Spans().Contains($"http://127.0.0.1:{_vendor.Port}", StringComparison.Ordinal)
        );
        await _host!.DisposeAsync();
        _host = null;

        Spans().ShouldNotContain("canary");
        Spans().ShouldNotContain("CANARY");
        var call = _vendor.Requests.ShouldHaveSingleItem();
        call.Head.ShouldContain(Secret);
        call.Head.ShouldNotContain("traceparent", Case.Insensitive);
    }

    [Fact]
    public async Task Should_record_none_that_its_producer_does_not_when_the_share_is_zero()
    {
        var (recorded, not) = (ActivityTraceId.CreateRandom(), ActivityTraceId.CreateRandom());
        var accepted = await Running.Post(
            "/v1/events/order-placed",
            Occurrence.ByName["order-placed"],
            ("traceparent", $"00-{not}-{ActivitySpanId.CreateRandom()}-00")
        );
        await Running.Outcome(accepted.Self);
        await Running.Outcome(
            (await Running.Post("/v1/events/order-placed", Occurrence.ByName["order-placed"], ("traceparent", Parent(recorded)))).Self
        );

        await Collected(() => HasSpan(recorded, "send email"));
        Bodies().Any(body => body.AsSpan().IndexOf(Octets(not)) >= 0).ShouldBeFalse();
    }

    static string Parent(ActivityTraceId trace) => $"00-{trace}-{ActivitySpanId.CreateRandom()}-01";

    async Task Collected(Func<bool> condition)
    {
        using var patience = new CancellationTokenSource(RunningHost.Patience);
        while (!condition())
        {
            if (patience.IsCancellationRequested)
                throw new TimeoutException($"The collector has {Spans()}");

            Running.Of<TracerProvider>().ForceFlush();
            await Task.Delay(20);
        }
    }

    /// <summary>A span begins with its trace (field 1, sixteen octets), and its name is not far behind.</summary>
    bool HasSpan(ActivityTraceId trace, string name) =>
        Bodies().Any(body => Starts(body, [0x0A, 0x10, .. Octets(trace)]).Any(at => Within(body, at, Encoding.UTF8.GetBytes(name))));

    static bool Within(byte[] body, int at, byte[] name) => body.AsSpan(at, Math.Min(128, body.Length - at)).IndexOf(name) >= 0;

    static IEnumerable<int> Starts(byte[] body, byte[] what)
    {
        for (var at = 0; body.AsSpan(at).IndexOf(what) is >= 0 and var next; at++)
            yield return at += next;
    }

    static byte[] Octets(ActivityTraceId trace)
    {
        var octets = new byte[16];
        trace.CopyTo(octets);
        return octets;
    }

    IReadOnlyList<byte[]> Bodies() => [.. _collector.Bodies];

    string Spans() => string.Join('\n', Bodies().Select(Encoding.Latin1.GetString));
}
