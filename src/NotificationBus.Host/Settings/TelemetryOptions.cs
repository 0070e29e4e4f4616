using System.ComponentModel.DataAnnotations;
using NotificationBus.Notifications;

namespace NotificationBus.Host.Settings;

/// <summary>Settings of <c>Telemetry</c>. <c>GET /metrics</c> needs none.</summary>
public sealed class TelemetryOptions
{
    /// <summary>The collector that metrics and traces are sent to.</summary>
    public OtlpOptions Otlp { get; set; } = new();

    /// <summary>The traces, which are made only when there is a collector to send them to.</summary>
    public TraceOptions Traces { get; set; } = new();

    /// <summary>The readings of the record, which the gauges show.</summary>
    public RecordReadingOptions Record { get; set; } = new();
}

/// <summary>Settings of <c>Telemetry:Otlp</c>.</summary>
public sealed class OtlpOptions : IValidatableObject
{
    /// <summary>
    /// The address of a collector that speaks OTLP, such as <c>http://collector:4317</c>. Default: none, and nothing is sent. Headers it
    /// asks for stand in the environment, as <c>OTEL_EXPORTER_OTLP_HEADERS</c>.
    /// </summary>
    public string? Endpoint { get; set; }

    /// <summary>
    /// The protocol it speaks there, default <c>Grpc</c>, on port 4317 as a rule. <c>HttpProtobuf</c>, on port 4318, adds
    /// <c>/v1/traces</c> and <c>/v1/metrics</c> to the address.
    /// </summary>
    public OtlpProtocol Protocol { get; set; }

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (
            Endpoint is { } url
            && !(
                Uri.TryCreate(url, UriKind.Absolute, out var uri)
                && uri is { Scheme: "http" or "https", UserInfo.Length: 0, Query.Length: 0, Fragment.Length: 0 }
            )
        )
            yield return new ValidationResult(
                "must be an address such as http://collector:4317, without a user or a query",
                [nameof(Endpoint)]
            );
    }
}

/// <summary>The protocols of OTLP.</summary>
public enum OtlpProtocol
{
    /// <summary>gRPC, over HTTP/2.</summary>
    Grpc,

    /// <summary>Protobuf over HTTP/1.1.</summary>
    HttpProtobuf,
}

/// <summary>Settings of <c>Telemetry:Traces</c>.</summary>
public sealed class TraceOptions : IValidatableObject
{
    const string Place = "{traceId}";

    /// <summary>
    /// The address at which a trace is looked at, with <c>{traceId}</c> in it, such as <c>https://jaeger.internal/trace/{traceId}</c>: the
    /// console links to it. Default: none, and the console shows the id alone.
    /// </summary>
    public string? Url { get; set; }

    /// <summary>
    /// The share of traces begun here that are recorded, 0 to 1, default 0.01: at a thousand notifications a second ten of them are. What
    /// belongs to a trace of its producer is recorded when the producer records it.
    /// </summary>
    [Range(0.0, 1.0)]
    public double SampleShare { get; set; } = 0.01;

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (
            Url is { } url
            && !(
                url.Contains(Place, StringComparison.Ordinal)
                && Uri.TryCreate(url.Replace(Place, "0", StringComparison.Ordinal), UriKind.Absolute, out var uri)
                && uri is { Scheme: "http" or "https", UserInfo.Length: 0 }
            )
        )
            yield return new ValidationResult(
                $"must be an address with {Place} in it, such as https://jaeger.internal/trace/{Place}",
                [nameof(Url)]
            );
    }
}
