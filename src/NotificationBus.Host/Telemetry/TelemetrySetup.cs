using System.Diagnostics.Metrics;
using MassTransit.Logging;
using MassTransit.Monitoring;
using NotificationBus.Host.Http;
using NotificationBus.Host.Settings;
using NotificationBus.Telemetry;
using Npgsql;
using OpenTelemetry;
using OpenTelemetry.Context.Propagation;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace NotificationBus.Host.Telemetry;

/// <summary>
/// Metrics at <c>/metrics</c>, for operators; where there is a collector it is sent them too, and traces. What is instrumented stands here
/// by name.
/// </summary>
static class TelemetrySetup
{
    /// <summary>Where Prometheus looks.</summary>
    public const string MetricsPath = "/metrics";

    const string NpgsqlMeter = "Npgsql";

    // MassTransit's name of what a saga handles, and the beginning of those of how long, how many at once and how many in vain.
    const string SagaSteps = "messaging.masstransit.saga";

    // Labels that name a host would name a recipient: a webhook is called wherever it is.
    static readonly string[] LabelsOfCalls = ["http.request.method", "http.response.status_code", "error.type", "network.protocol.version"];

    public static void AddTelemetry(this IServiceCollection services, TelemetryOptions options)
    {
        // By itself the instrumentation of HttpClient writes its own header into every request, also where the client is told to write
        // none. With this one it leaves that to the client. What else producers attach (baggage) goes nowhere.
        Sdk.SetDefaultTextMapPropagator(new TraceContextPropagator());
        var telemetry = services
            .AddOpenTelemetry()
            .ConfigureResource(host =>
                host.AddService(FlowMetrics.Name, serviceVersion: typeof(TelemetrySetup).Assembly.GetName().Version?.ToString(3))
            )
            .WithMetrics(metrics => metrics.Instrument(options.Otlp));
        services.ConfigureOpenTelemetryMeterProvider(
            (host, metrics) =>
            {
                var own = host.GetRequiredService<IMeterFactory>();
                metrics.AddView(instrument => Show(instrument, own));
            }
        );
        if (options.Otlp.Endpoint is not null)
            telemetry.WithTracing(traces => traces.Instrument(options));
    }

    /// <summary>Like every other address it takes its own methods, and no parameter that it does not know.</summary>
    public static void MapMetrics(this IEndpointRouteBuilder routes) =>
        routes
            .MapPrometheusScrapingEndpoint(MetricsPath)
            .WithMetadata(new HttpMethodMetadata([HttpMethods.Get, HttpMethods.Head]))
            .Add(endpoint =>
            {
                var scrape = endpoint.RequestDelegate!;
                endpoint.RequestDelegate = context =>
                    KnownParameters.Refuse(context.Request.Query, []) is { Count: > 0 } errors
                        ? Problems.Validation(errors).ExecuteAsync(context)
                        : scrape(context);
            });

    static void Instrument(this MeterProviderBuilder metrics, OtlpOptions collector)
    {
        metrics
            .AddMeter(FlowMetrics.Name, InstrumentationOptions.MeterName, NpgsqlMeter)
            .AddAspNetCoreInstrumentation()
            .AddHttpClientInstrumentation()
            .AddRuntimeInstrumentation()
            .AddPrometheusExporter();
        if (collector.Endpoint is not null)
            metrics.AddOtlpExporter(exporter => Send(exporter, collector, "v1/metrics"));
    }

    static void Instrument(this TracerProviderBuilder traces, TelemetryOptions options) =>
        traces
            .SetSampler(new ParentBasedSampler(new LinkedSampler(new TraceIdRatioBasedSampler(options.Traces.SampleShare))))
            .AddSource(FlowMetrics.Name, DiagnosticHeaders.DefaultListenerName)
            .AddNpgsql()
            .AddAspNetCoreInstrumentation(server => server.Filter = IsWork)
            .AddHttpClientInstrumentation()
            .AddProcessor(new CleanSpans())
            .AddOtlpExporter(exporter => Send(exporter, options.Otlp, "v1/traces"));

    static void Send(OtlpExporterOptions exporter, OtlpOptions collector, string path)
    {
        var isGrpc = collector.Protocol == OtlpProtocol.Grpc;
        exporter.Protocol = isGrpc ? OtlpExportProtocol.Grpc : OtlpExportProtocol.HttpProtobuf;
        exporter.Endpoint = new Uri(isGrpc ? collector.Endpoint! : $"{collector.Endpoint!.TrimEnd('/')}/{path}");
    }

    /// <summary>
    /// Null shows it as it is. What another host in this process measures is not this one's. Four measurements of each step of a saga, by
    /// four labels each, say no more than what the flow counts itself, and cost more than all of that.
    /// </summary>
    static MetricStreamConfiguration? Show(Instrument instrument, IMeterFactory own) =>
        instrument.Meter.Scope is IMeterFactory other && other != own ? MetricStreamConfiguration.Drop
        : instrument.Name.StartsWith(SagaSteps, StringComparison.Ordinal) ? MetricStreamConfiguration.Drop
        : instrument.Meter.Name is "System.Net.Http" or "System.Net.NameResolution"
            ? new MetricStreamConfiguration { TagKeys = LabelsOfCalls }
        : null;

    /// <summary>Nobody looks for the trace of a probe.</summary>
    static bool IsWork(HttpContext context) =>
        !context.Request.Path.StartsWithSegments(MetricsPath, StringComparison.Ordinal)
        && !context.Request.Path.StartsWithSegments("/health", StringComparison.Ordinal)
        && !context.Request.Path.StartsWithSegments("/healthz", StringComparison.Ordinal);
}
