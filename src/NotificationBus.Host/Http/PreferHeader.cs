using System.Globalization;

using Microsoft.Extensions.Primitives;

namespace NotificationBus.Host.Http;

/// <summary>The <c>Prefer</c> header (RFC 7240).</summary>
static class PreferHeader
{
    /// <summary>The longest wait in seconds; a client that wants more asks again.</summary>
    public const int LongestWait = 30;

    /// <summary>Reads <c>wait=10</c>. Preferences nobody here knows are passed over, as the RFC asks.</summary>
    /// <returns>False when the wait is no number in range.</returns>
    public static bool TryReadWait(StringValues header, out int? seconds)
    {
        seconds = null;
        var wait = header.SelectMany(line => (line ?? "").Split(',', ';'))
            .Select(preference => preference.Split('=', 2, StringSplitOptions.TrimEntries))
            .FirstOrDefault(preference => preference[0].Equals("wait", StringComparison.OrdinalIgnoreCase));
        if (wait is null)
            return true;

        if (wait.Length != 2 || !int.TryParse(wait[1].Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out var value) || value > LongestWait)
            return false;

        seconds = value;
        return true;
    }
}
