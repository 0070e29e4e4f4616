using System.Collections.Concurrent;
using System.Diagnostics;
using NotificationBus.Receipts;
using NotificationBus.Telemetry;
using NotificationBus.Tests.Channels.Http;
using static NotificationBus.Tests.Host.HostWithServices;

namespace NotificationBus.Tests.Host;

/// <summary>The notification is traced because its producer wants it; what begins here is not, and the vendor's call begins here.</summary>
public sealed class When_a_receipt_comes_later : IAsyncLifetime
{
    readonly ScriptedHttpServer _collector = new();
    readonly ReportingProvider _letters = new("letters");
    readonly ConcurrentQueue<Activity> _spans = new();
    readonly ActivityListener _listener;
    RunningHost? _host;

    public When_a_receipt_comes_later()
    {
        _listener = new ActivityListener { ShouldListenTo = source => source.Name == FlowMetrics.Name, ActivityStopped = _spans.Enqueue };
        ActivitySource.AddActivityListener(_listener);
    }

    RunningHost Running => _host!;

    public async ValueTask InitializeAsync()
    {
        _collector.Answers("200 OK");
        _host = new RunningHost
        {
            Settings =
            [
                $"--Telemetry:Otlp:Endpoint=http://127.0.0.1:{_collector.Port}",
                "--Telemetry:Otlp:Protocol=HttpProtobuf",
                "--Telemetry:Traces:SampleShare=0",
                "--Channels:email:Providers=letters",
                "--Providers:letters:Type=reporting",
                "--EventTypes:order-placed:Channels=email",
            ],
            Configure = _letters.AddTo,
        };
        await _host.InitializeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
            await _host.DisposeAsync();
        await _collector.DisposeAsync();
        _listener.Dispose();
    }

    [Fact]
    public async Task Should_be_a_span_with_a_link_to_the_call_it_is_about()
    {
        var trace = ActivityTraceId.CreateRandom();
        await Order(trace, "01");

        await Report(ReceiptKind.Confirmed);

        var (call, receipt) = (Of("send email", trace).ShouldHaveSingleItem(), await Receipt());
        receipt.Recorded.ShouldBeTrue("the notification is");
        receipt.TraceId.ShouldNotBe(trace);
        var link = receipt.Links.ShouldHaveSingleItem().Context;
        (link.TraceId, link.SpanId).ShouldBe((trace, call.SpanId));
        receipt.GetTagItem("notificationbus.account").ShouldBe("letters");
        receipt.GetTagItem("notificationbus.receipt").ShouldBe("confirmed");
    }

    [Fact]
    public async Task Should_be_no_span_when_nobody_records_the_notification()
    {
        await Order(ActivityTraceId.CreateRandom(), "00");

        await Report(ReceiptKind.Confirmed);

        _spans.Where(span => span.OperationName == "receipt email").ShouldBeEmpty();
    }

    async Task Order(ActivityTraceId trace, string flags) =>
        await Running.Outcome(
            (
                await Running.Post(
                    "/v1/events/order-placed",
                    Occurrence.ByName["order-placed"],
                    ("traceparent", $"00-{trace}-{ActivitySpanId.CreateRandom()}-{flags}")
                )
            ).Self
        );

    /// <summary>Posts as the vendor does, and waits until it is on record.</summary>
    async Task Report(ReceiptKind kind)
    {
        var delivery = _letters.Calls.ShouldHaveSingleItem();
        await Running.Post(
            "/v1/receipts/letters",
            ReportingProvider.Report(kind, ReportingProvider.MessageIdOf(delivery.Id)),
            (ReportingProvider.Signature, ReportingProvider.Genuine)
        );
        await Running.Until($"/v1/notifications/{delivery.NotificationId}", shown => Text(Delivery(shown), "status") == "confirmed");
    }

    /// <summary>It ends after the receipt was handed on, and so after that is seen.</summary>
    async Task<Activity> Receipt()
    {
        using var patience = new CancellationTokenSource(RunningHost.Patience);
        while (true)
        {
            if (_spans.Where(span => span.OperationName == "receipt email").ToList() is { Count: > 0 } spans)
                return spans.ShouldHaveSingleItem();

            await Task.Delay(20, patience.Token);
        }
    }

    IEnumerable<Activity> Of(string name, ActivityTraceId trace) =>
        _spans.Where(span => span.OperationName == name && span.TraceId == trace);
}
