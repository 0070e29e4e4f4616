using NotificationBus.Model;
using NotificationBus.Notifications;

namespace NotificationBus.Host.Http;

/// <summary>The query of <c>GET /v1/notifications</c>.</summary>
static class NotificationSearch
{
    static readonly string[] Statuses = ["sending", "held", "delivered", "partly-delivered", "cancelled", "expired", "failed"];

    public static (NotificationFilter Filter, IReadOnlyDictionary<string, string[]> Errors) Read(
        IQueryCollection query,
        ChannelSet channels,
        Sight sight
    )
    {
        var reader = new QueryReader(query);
        var channel = reader.Word("channel", channels.KnownNames);
        var address = reader.One("address");
        var (from, to) = (reader.Time("from"), reader.Time("to"));
        if (from >= to)
            reader.Refuse("to", "must be later than from");
        var limit = reader.Limit();
        var after = reader.After() is var (createdAt, id) ? new NotificationCursor(createdAt, id) : null;
        return (
            new NotificationFilter
            {
                Application = sight.Application,
                EventId = reader.One("eventId"),
                Key = Key(reader),
                Recipient = reader.One("recipient"),
                Addresses = address is null ? [] : Forms(address, channel, channels),
                Status = reader.Word("status", Statuses),
                Category = reader.One("category"),
                TemplateVersion = reader.One("templateVersion"),
                Channel = channel,
                Provider = reader.One("provider"),
                ProviderMessageId = reader.One("providerMessageId"),
                From = from,
                To = to,
                Limit = limit,
                After = after,
            },
            reader.Errors
        );
    }

    /// <summary>A business key, such as <c>order:4711</c>.</summary>
    public static KeyValuePair<string, string>? Key(QueryReader reader)
    {
        if (reader.One("key") is not { } written)
            return null;

        var key = BusinessKeys.Read(written);
        if (key is null)
            reader.Refuse("key", BusinessKeys.SpellingRule);
        return key;
    }

    /// <summary>
    /// The forms in which an address may be kept: that of its channel; without one, that of each channel that could use it.
    /// </summary>
    static List<string> Forms(string address, string? name, ChannelSet channels)
    {
        var all = name is null ? channels.All : [channels.Find(name)!];
        var able = all.Where(channel => channel.Refuse(address) is null).ToList();
        return [.. (able.Count > 0 ? able : all).Select(channel => channel.Canonical(address)).Distinct(StringComparer.Ordinal)];
    }
}
