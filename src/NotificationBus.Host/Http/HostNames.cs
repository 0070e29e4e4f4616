using System.Collections.Concurrent;
using System.Net;
using System.Text.RegularExpressions;
using NotificationBus.Host.Settings;

namespace NotificationBus.Host.Http;

/// <summary>
/// The names callers may use for this host. A page of a stranger's site can lead its own name to this machine (DNS rebinding) and then read
/// what is here with a visitor's browser; the name it was called by gives it away.
/// </summary>
sealed partial class HostNames(HostSettings settings, ILogger<HostNames> log)
{
    const int MostWarnings = 10;

    // Reserved: nobody can register a name below them (RFC 6761, RFC 6762, ICANN for .internal).
    static readonly string[] NeverPublic = [".localhost", ".local", ".internal", ".test"];

    readonly string[] _allowed =
    [
        .. Split(settings.AllowedHosts),
        .. NamesOf(settings.Receipts.PublicUrl),
        .. NamesOf(settings.Unsubscribe.PublicUrl),
    ];
    readonly ConcurrentDictionary<string, bool> _refused = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Finds what is wrong with the setting.</summary>
    public static IEnumerable<string> Refuse(string? allowedHosts) =>
        Split(allowedHosts).All(name => name == "*" || IPAddress.TryParse(name, out _) || Name().IsMatch(name))
            ? []
            : ["AllowedHosts must be names such as notify.example.com;*.shop.example, without scheme and port, or * for every one"];

    /// <summary>True when a request may name the host so.</summary>
    public bool Allows(HostString host, bool isForTheWorld)
    {
        var name = host.Host.TrimEnd('.');
        if (CannotBePublic(name) || _allowed.Any(pattern => Fits(pattern, name)))
            return true;

        // What proves itself is not read by a browser for somebody else. Vendors call it by a name that nobody may have told this host.
        if (isForTheWorld && _allowed.Length == 0)
            return true;

        if (_refused.Count < MostWarnings && _refused.TryAdd(name, value: true))
            NameRefused(log, name);
        return false;
    }

    /// <summary>
    /// An address, a name without a dot, or one below a domain that nobody can register: none of them leads anywhere by a stranger's DNS.
    /// </summary>
    static bool CannotBePublic(string name) =>
        IPAddress.TryParse(name.Trim('[', ']'), out _)
        || !name.Contains('.', StringComparison.Ordinal)
        || NeverPublic.Any(domain => name.EndsWith(domain, StringComparison.OrdinalIgnoreCase));

    static bool Fits(string pattern, string name) =>
        pattern == "*"
        || pattern.Equals(name, StringComparison.OrdinalIgnoreCase)
        || (pattern.StartsWith("*.", StringComparison.Ordinal) && name.EndsWith(pattern[1..], StringComparison.OrdinalIgnoreCase));

    static string[] Split(string? names) =>
        (names ?? "").Split([';', ','], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    static string[] NamesOf(string? url) => Uri.TryCreate(url, UriKind.Absolute, out var address) ? [address.Host] : [];

    [LoggerMessage(LogLevel.Warning, "Somebody called this host {Name}, and was refused: AllowedHosts names the names it has")]
    static partial void NameRefused(ILogger log, string name);

    [GeneratedRegex(
        @"\A(\*\.)?[\p{L}\p{N}]([\p{L}\p{N}_-]*[\p{L}\p{N}])?(\.[\p{L}\p{N}]([\p{L}\p{N}_-]*[\p{L}\p{N}])?)*\z",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking
    )]
    private static partial Regex Name();
}
