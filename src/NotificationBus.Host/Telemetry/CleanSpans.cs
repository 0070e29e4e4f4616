using System.Diagnostics;
using OpenTelemetry;

namespace NotificationBus.Host.Telemetry;

/// <summary>
/// Takes out of spans what a collector must not see: secrets stand in paths (webhooks of Slack, Discord and Teams, the token of a bot,
/// links to unsubscribe), and the texts of exceptions may name anybody.
/// </summary>
sealed class CleanSpans : BaseProcessor<Activity>
{
    const string Url = "url.full";

    static readonly string[] Personal =
    [
        "url.path",
        "url.query",
        "http.url",
        "http.target",
        "client.address",
        "network.peer.address",
        "user_agent.original",
        "exception.message",
        "exception.stacktrace",
    ];

    public override void OnEnd(Activity data)
    {
        if (data.GetTagItem(Url) is { } url)
            data.SetTag(Url, Uri.TryCreate($"{url}", UriKind.Absolute, out var address) ? HostOf(address) : null);
        foreach (var tag in Personal)
        {
            if (data.GetTagItem(tag) is not null)
                data.SetTag(tag, null);
        }

        if (data.StatusDescription is not null)
            data.SetStatus(data.Status);
        // Events cannot be taken out of a span. One that carries an exception stays here; those within it say what failed.
        if (data.EnumerateEvents().MoveNext())
            data.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
    }

    static string HostOf(Uri address) => address.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped);
}
