using NotificationBus.Notifications;

namespace NotificationBus.Host.Http;

/// <summary>The query of <c>GET /v1/notifications</c>.</summary>
static class NotificationSearch
{
    static readonly string[] Parameters = ["status", "recipient", "category", "limit", "after"];
    static readonly string[] Statuses = ["sending", "held", "delivered", "partly-delivered", "cancelled", "expired", "failed"];

    public static (NotificationFilter Filter, IReadOnlyDictionary<string, string[]> Errors) Read(IQueryCollection query)
    {
        var reader = new QueryReader(query, Parameters);
        var status = reader.One("status");
        if (status is not null && !Statuses.Contains(status, StringComparer.Ordinal))
            reader.Refuse("status", Spelling.Unknown(status, Statuses));

        var limit = reader.Limit();
        var after = reader.After() is var (createdAt, id) ? new NotificationCursor(createdAt, id) : null;
        return (
            new NotificationFilter
            {
                Status = status,
                Recipient = reader.One("recipient"),
                Category = reader.One("category"),
                Limit = limit,
                After = after,
            },
            reader.Errors
        );
    }
}
