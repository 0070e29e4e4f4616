using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace NotificationBus.IntegrationTests;

/// <summary>
/// A collector that speaks OTLP over gRPC: unary calls over HTTP/2, each message behind five octets, and the status in the trailers.
/// </summary>
sealed class OtlpCollector : IAsyncDisposable
{
    const int Prefix = 5;

    readonly WebApplication _app;
    readonly ConcurrentQueue<byte[]> _traces = new();
    readonly ConcurrentQueue<byte[]> _metrics = new();

    OtlpCollector(WebApplication app) => _app = app;

    /// <summary>Where it listens.</summary>
    public string Endpoint => _app.Urls.Single();

    /// <summary>How many messages with metrics it has taken.</summary>
    public int Metrics => _metrics.Count;

    /// <summary>All that it was told, as far as it is text.</summary>
    public string Text => string.Concat(_traces.Concat(_metrics).Select(Encoding.UTF8.GetString));

    public static async Task<OtlpCollector> Start()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(server => server.Listen(IPAddress.Loopback, 0, port => port.Protocols = HttpProtocols.Http2));
        var app = builder.Build();
        var collector = new OtlpCollector(app);
        app.MapPost("/opentelemetry.proto.collector.trace.v1.TraceService/Export", context => Take(context, collector._traces));
        app.MapPost("/opentelemetry.proto.collector.metrics.v1.MetricsService/Export", context => Take(context, collector._metrics));
        await app.StartAsync();
        return collector;
    }

    /// <summary>True when it has a span of that name in that trace: a span begins with its trace, and its name is not far behind.</summary>
    public bool HasSpan(ActivityTraceId trace, string name)
    {
        var octets = new byte[16];
        trace.CopyTo(octets);
        return _traces.Any(message =>
            Starts(message, [0x0A, 0x10, .. octets]).Any(at => Follows(message, at, Encoding.UTF8.GetBytes(name)))
        );
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    static async Task Take(HttpContext context, ConcurrentQueue<byte[]> messages)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var isGrpc = context.Request.ContentType?.StartsWith("application/grpc", StringComparison.Ordinal) == true;
        if (isGrpc && body.Length >= Prefix)
            messages.Enqueue(body.ToArray()[Prefix..]);

        context.Response.ContentType = "application/grpc";
        // An answer that says nothing: not packed, of no length.
        await context.Response.Body.WriteAsync(new byte[Prefix]);
        context.Response.AppendTrailer("grpc-status", isGrpc ? "0" : "3");
    }

    static bool Follows(byte[] message, int at, byte[] name) => message.AsSpan(at, Math.Min(128, message.Length - at)).IndexOf(name) >= 0;

    static IEnumerable<int> Starts(byte[] message, byte[] what)
    {
        for (var at = 0; message.AsSpan(at).IndexOf(what) is >= 0 and var next; at++)
            yield return at += next;
    }
}
