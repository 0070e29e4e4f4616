using System.Text.Json.Serialization;

namespace NotificationBus.Emulators;

/// <summary>What a vendor may report of a delivery.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ReportKind>))]
enum ReportKind
{
    /// <summary>It has arrived.</summary>
    Delivered,

    /// <summary>It came back for good.</summary>
    Bounced,

    /// <summary>The recipient calls it spam.</summary>
    Complained,

    /// <summary>The recipient has opened it, or a text message was read.</summary>
    Opened,
}

/// <summary>What a vendor reports of every delivery it takes.</summary>
sealed record ReceiptPlan
{
    /// <summary>Where: <c>http://localhost:8080/v1/receipts/{account}</c>. Required.</summary>
    public required Uri Url { get; init; }

    /// <summary>What is reported, in the order in which it happens, one second apart. Default: only that it has arrived.</summary>
    public IReadOnlyList<ReportKind> Kinds { get; init; } = [ReportKind.Delivered];

    /// <summary>
    /// How long after the delivery was taken, in seconds, 0 to 86400. Default 0: perhaps before the caller has read the answer.
    /// </summary>
    public double After { get; init; }

    /// <summary>How often each is posted, 1 to 100. Default 1.</summary>
    public int Copies { get; init; } = 1;

    /// <summary>Whether what happened last is posted first.</summary>
    public bool Reordered { get; init; }

    /// <summary>What is wrong with it, or null.</summary>
    public string? Refuse() =>
        Url is not { IsAbsoluteUri: true, Scheme: "http" or "https" } ? "url must be an absolute URL with http or https"
        : Kinds.Count == 0 ? "kinds must name what is reported"
        : After is not (>= 0 and <= 86_400) ? "after must be from 0 to 86400 seconds"
        : Copies is < 1 or > 100 ? "copies must be from 1 to 100"
        : null;
}
