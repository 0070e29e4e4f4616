using System.Diagnostics;

namespace NotificationBus.Telemetry;

/// <summary>
/// The spans of the flow, beside those of MassTransit. They hold names of channels and accounts, and no address, recipient or key.
/// </summary>
public static class FlowTracing
{
    /// <summary>The header by which a producer says to which trace its message belongs (W3C Trace Context, "traceparent").</summary>
    public const string ParentHeader = "traceparent";

    static readonly ActivitySource Source = new(FlowMetrics.Name);

    /// <summary>The span that is being recorded here, for a command that leaves its flow; null when none is.</summary>
    public static string? Here => Activity.Current is { Recorded: true } current ? current.Id : null;

    /// <summary>
    /// Begins a span in the trace of a producer that is no MassTransit: that one has a header of its own, and knows no other.
    /// </summary>
    /// <param name="message">What is taken.</param>
    /// <param name="parent">What its header says; null for none.</param>
    /// <returns>Null when there is nothing to record, or the flow is in that trace already.</returns>
    public static Activity? Take(string message, string? parent) =>
        parent is not null && Source.HasListeners() && IsElsewhere(parent, out var there)
            ? Source.StartActivity($"take {message}", ActivityKind.Consumer, there, links: LinkToHere())
            : null;

    /// <summary>Begins the span of one call to a provider.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="account">The account.</param>
    /// <param name="parent">The span that caused the command, where that has left its flow; null when it is the current one.</param>
    public static Activity? Send(string channel, string account, string? parent)
    {
        if (!Source.HasListeners())
            return null;

        var span =
            parent is not null && IsElsewhere(parent, out var there)
                ? Source.StartActivity($"send {channel}", ActivityKind.Client, there, links: LinkToHere())
                : Source.StartActivity($"send {channel}", ActivityKind.Client);
        return span?.SetTag("notificationbus.channel", channel).SetTag("notificationbus.account", account);
    }

    /// <summary>Says in the span how the call came out, and ends it.</summary>
    public static void CameOut(this Activity? span, string outcome, bool isTaken)
    {
        span?.SetTag("notificationbus.outcome", outcome);
        if (!isTaken)
            span?.SetStatus(ActivityStatusCode.Error);
        span?.Stop();
    }

    /// <summary>
    /// Begins the span of a receipt, with a link to the call it is about. It comes hours later, in a call of the vendor's: that one has a
    /// trace of its own, or none.
    /// </summary>
    /// <param name="channel">The channel.</param>
    /// <param name="account">The account whose vendor reports.</param>
    /// <param name="kind">What it reports.</param>
    /// <param name="call">The span of the call; null when it was not recorded, and then the receipt is not either.</param>
    public static Activity? Report(string channel, string account, string kind, string? call)
    {
        if (call is null || !Source.HasListeners() || !ActivityContext.TryParse(call, traceState: null, isRemote: true, out var there))
            return null;

        // A vendor's call that is not recorded would keep all that follows from it out of the record as well.
        if (Activity.Current is { Recorded: false })
            Activity.Current = null;
        return Source
            .StartActivity($"receipt {channel}", ActivityKind.Consumer, parentContext: default, links: [new ActivityLink(there)])
            ?.SetTag("notificationbus.channel", channel)
            .SetTag("notificationbus.account", account)
            .SetTag("notificationbus.receipt", kind);
    }

    static bool IsElsewhere(string parent, out ActivityContext there) =>
        ActivityContext.TryParse(parent, traceState: null, isRemote: true, out there) && Activity.Current?.TraceId != there.TraceId;

    static IEnumerable<ActivityLink>? LinkToHere() => Activity.Current is { } here ? [new ActivityLink(here.Context)] : null;
}
