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
