using System.Buffers.Text;
using System.Globalization;
using System.Text;

using Microsoft.AspNetCore.Http.Extensions;

using NotificationBus.Notifications;

namespace NotificationBus.Host.Http;

/// <summary>The query of <c>GET /v1/notifications</c> and its cursor.</summary>
static class NotificationSearch
{
    const int DefaultLimit = 50;
    const int LargestLimit = 200;

    static readonly string[] Parameters = ["status", "recipient", "category", "limit", "after"];
    static readonly string[] Statuses = ["sending", "held", "delivered", "partly-delivered", "expired", "failed"];

    public static (NotificationFilter Filter, IReadOnlyDictionary<string, string[]> Errors) Read(IQueryCollection query)
    {
        var errors = new Dictionary<string, string[]>(StringComparer.Ordinal);
        foreach (var unknown in query.Keys.Except(Parameters, StringComparer.Ordinal))
            errors[unknown.Length <= 64 ? unknown : "?"] = [$"is unknown, allowed are {string.Join(", ", Parameters)}"];

        var status = One("status");
        if (status is not null && !Statuses.Contains(status, StringComparer.Ordinal))
            errors["status"] = [$"is unknown, allowed are {string.Join(", ", Statuses)}"];

        var limit = DefaultLimit;
        if (One("limit") is { } wanted && !(int.TryParse(wanted, NumberStyles.None, CultureInfo.InvariantCulture, out limit) && limit is >= 1 and <= LargestLimit))
            errors["limit"] = [$"must be 1 to {LargestLimit}"];

        var after = default(NotificationCursor);
        if (One("after") is { } cursor && !TryRead(cursor, out after))
            errors["after"] = ["is no cursor of this API; take it from next"];

        return (new NotificationFilter { Status = status, Recipient = One("recipient"), Category = One("category"), Limit = limit, After = after }, errors);

        string? One(string name)
        {
            var values = query[name];
            if (values.Count > 1)
                errors[name] = ["stands more than once"];
            if (values.Any(value => value?.Contains('\0') == true))
                errors[name] = ["must not contain the character U+0000"];
            return values.Count == 1 && values[0] is { Length: > 0 } value ? value : null;
        }
    }

    /// <summary>The address of the next page: the same query, after the last one of this page.</summary>
    public static string Next(HttpRequest request, NotificationSummary last)
    {
        var query = new QueryBuilder(request.Query.Where(parameter => parameter.Key != "after"))
        {
            { "after", Base64Url.EncodeToString(Encoding.ASCII.GetBytes($"{last.CreatedAt.UtcTicks}.{last.Id:N}")) },
        };
        return request.Path + query.ToQueryString();
    }

    static bool TryRead(string text, out NotificationCursor? cursor)
    {
        cursor = null;
        Span<byte> bytes = stackalloc byte[80];
        if (text.Length > 100 || !Base64Url.IsValid(text) || !Base64Url.TryDecodeFromChars(text, bytes, out var length))
            return false;

        var parts = Encoding.ASCII.GetString(bytes[..length]).Split('.');
        if (parts.Length != 2
            || !long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var ticks) || ticks > DateTimeOffset.MaxValue.UtcTicks
            || !Guid.TryParseExact(parts[1], "N", out var id))
            return false;

        cursor = new NotificationCursor(new DateTimeOffset(ticks, TimeSpan.Zero), id);
        return true;
    }
}
