using System.Text.Json.Serialization;

namespace NotificationBus.Emulators;

/// <summary>What can go wrong with a request.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<FaultKind>))]
enum FaultKind
{
    /// <summary>The vendor thinks for a while, and goes on as it would have without.</summary>
    Latency,

    /// <summary>It takes nothing, and says 429 with its own headers.</summary>
    Throttle,

    /// <summary>It says a status that is no yes, with its own body, and takes nothing.</summary>
    Fail,

    /// <summary>It does not let the caller in: wrong credentials. It takes nothing.</summary>
    Credentials,

    /// <summary>It takes the delivery, and never answers.</summary>
    Hang,

    /// <summary>It takes the delivery, and resets the connection instead of answering.</summary>
    Reset,

    /// <summary>It takes the delivery, and answers 200 with something nobody understands.</summary>
    Malformed,
}

/// <summary>A fault of a vendor: of the requests with its marker, or of a share of all.</summary>
sealed record Fault
{
    /// <summary>What goes wrong. Required.</summary>
    public required FaultKind Kind { get; init; }

    /// <summary>Of which share of the requests, above 0 to 1. Default 1, all.</summary>
    public double Share { get; init; } = 1;

    /// <summary>Only of requests with this text in their path or body, such as a recipient's address. Default: of any.</summary>
    public string? Marker { get; init; }

    /// <summary>Of how many requests at most, 1 or more. Default: no end.</summary>
    public int? Times { get; init; }

    /// <summary>With <see cref="FaultKind.Latency"/>: how long, in seconds, above 0 to 600. Required there.</summary>
    public double? Seconds { get; init; }

    /// <summary>
    /// With <see cref="FaultKind.Throttle"/>: how long the vendor asks to be left alone, where it says so; seconds, 0 to 86400. Default 5.
    /// </summary>
    public int RetryAfter { get; init; } = 5;

    /// <summary>With <see cref="FaultKind.Fail"/>: the status, 300 to 599. Default 503.</summary>
    public int Status { get; init; } = 503;

    /// <summary>With <see cref="FaultKind.Fail"/>: the whole body, in the place of the vendor's own. Default: the vendor's.</summary>
    public string? Body { get; init; }

    /// <summary>With <see cref="FaultKind.Fail"/>: further header fields, such as <c>Retry-After</c>. Default: none.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>What is wrong with it, or null.</summary>
    public string? Refuse() =>
        Share is not (> 0 and <= 1) ? "share must be above 0, and at most 1"
        : Times < 1 ? "times must be 1 or more"
        : Kind == FaultKind.Latency && Seconds is not (> 0 and <= 600) ? "seconds must be above 0, and at most 600"
        : RetryAfter is < 0 or > 86_400 ? "retryAfter must be from 0 to 86400"
        : Status is < 300 or > 599 ? "status must be from 300 to 599"
        : null;
}
