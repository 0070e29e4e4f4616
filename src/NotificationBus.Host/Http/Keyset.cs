using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http.Extensions;

namespace NotificationBus.Host.Http;

/// <summary>The cursor of a list that is ordered by a time and an id.</summary>
static class Keyset
{
    /// <summary>The address of the next page: the same query, after the last one of this page.</summary>
    public static string Next(HttpRequest request, DateTimeOffset at, Guid id)
    {
        var query = new QueryBuilder(request.Query.Where(parameter => parameter.Key != "after"))
        {
            { "after", Base64Url.EncodeToString(Encoding.ASCII.GetBytes($"{at.UtcTicks}.{id:N}")) },
        };
        return request.Path + query.ToQueryString();
    }

    /// <summary>A page of what was found, and the address of the next one; null on the last page.</summary>
    /// <param name="request">What was asked.</param>
    /// <param name="found">What was found: one more than fits tells whether there is a next page.</param>
    /// <param name="limit">How many fit.</param>
    /// <param name="place">Where each stands in the order.</param>
    public static (IReadOnlyList<T> Page, string? Next) Page<T>(
        HttpRequest request,
        IReadOnlyList<T> found,
        int limit,
        Func<T, (DateTimeOffset At, Guid Id)> place
    )
    {
        if (found.Count <= limit)
            return (found, null);

        var (at, id) = place(found[limit - 1]);
        return ([.. found.Take(limit)], Next(request, at, id));
    }

    public static bool TryRead(string text, out (DateTimeOffset At, Guid Id) cursor)
    {
        cursor = default;
        Span<byte> bytes = stackalloc byte[80];
        if (text.Length > 100 || !Base64Url.IsValid(text) || !Base64Url.TryDecodeFromChars(text, bytes, out var length))
            return false;

        var parts = Encoding.ASCII.GetString(bytes[..length]).Split('.');
        if (
            parts.Length != 2
            || !long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var ticks)
            || ticks > DateTimeOffset.MaxValue.UtcTicks
            || !Guid.TryParseExact(parts[1], "N", out var id)
        )
            return false;

        cursor = (new DateTimeOffset(ticks, TimeSpan.Zero), id);
        return true;
    }
}
