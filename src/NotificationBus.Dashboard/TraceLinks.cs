namespace NotificationBus.Dashboard;

/// <summary>Where traces are looked at, when somebody has said.</summary>
/// <param name="template">The address of a trace, with <c>{traceId}</c> in the place of its id; null for nowhere.</param>
public sealed class TraceLinks(string? template)
{
    /// <summary>The place of the id.</summary>
    public const string Place = "{traceId}";

    /// <summary>The address of a trace; null when nobody has said where.</summary>
    public string? Of(string traceId) => template?.Replace(Place, Uri.EscapeDataString(traceId), StringComparison.Ordinal);
}
