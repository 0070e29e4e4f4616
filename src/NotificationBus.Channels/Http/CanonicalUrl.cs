using System.Text;

namespace NotificationBus.Channels.Http;

/// <summary>
/// The one form of a URL, however it is written: scheme and host in lower case, the host in ASCII, no default port, no dot segments,
/// percent-encoding only where it must be and with capitals, no fragment (RFC 3986, section 6.2). Path and query keep their case.
/// </summary>
static class CanonicalUrl
{
    /// <summary>The form; the text as it is where it is no URL.</summary>
    public static string Of(string url)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var parsed) || parsed.Host.Length == 0)
            return url;

        var host = HostOf(parsed).TrimEnd('.').ToLowerInvariant();
        var authority = parsed.HostNameType == UriHostNameType.IPv6 ? $"[{host}]" : host;
        var origin = $"{parsed.Scheme}://{authority}{(parsed.IsDefaultPort ? "" : $":{parsed.Port}")}";
        // Once more, for dots that were encoded.
        var path = Uri.TryCreate(origin + Decode(parsed.AbsolutePath), UriKind.Absolute, out var again)
            ? Decode(again.AbsolutePath)
            : parsed.AbsolutePath;
        return origin + path + (parsed.Query == "?" ? "" : Decode(parsed.Query));
    }

    /// <summary>The host in ASCII; as it is where it is no name, which <see cref="AddressGuard.Refuse"/> says.</summary>
    public static string HostOf(Uri url) => DomainName.ToAscii(url.DnsSafeHost) ?? url.DnsSafeHost;

    // Asked several times for one request, and the longest URL is nothing but encoded characters.
    static string Decode(string text)
    {
        if (!text.Contains('%', StringComparison.Ordinal))
            return text;

        var decoded = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '%' || i + 2 >= text.Length || !char.IsAsciiHexDigit(text[i + 1]) || !char.IsAsciiHexDigit(text[i + 2]))
            {
                decoded.Append(text[i]);
                continue;
            }

            var character = (char)((ValueOf(text[i + 1]) << 4) | ValueOf(text[i + 2]));
            if (IsUnreserved(character))
                decoded.Append(character);
            else
                decoded.Append('%').Append(char.ToUpperInvariant(text[i + 1])).Append(char.ToUpperInvariant(text[i + 2]));
            i += 2;
        }

        return decoded.ToString();
    }

    static int ValueOf(char digit) => char.IsAsciiDigit(digit) ? digit - '0' : (digit | 0x20) - 'a' + 10;

    static bool IsUnreserved(char c) => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_' or '~';
}
