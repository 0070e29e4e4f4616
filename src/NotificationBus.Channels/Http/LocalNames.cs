namespace NotificationBus.Channels.Http;

/// <summary>Host names that lead nowhere in the public Internet, told without looking them up: IANA's special-use names, and names of one label.</summary>
static class LocalNames
{
    // RFC 6761, RFC 6762 (mDNS), RFC 7686, RFC 8375, and "internal", which ICANN has set aside: clouds have their metadata services below it.
    static readonly string[] Suffixes = ["localhost", "local", "localdomain", "internal", "intranet", "lan", "home.arpa", "onion"];

    /// <summary>True for such a name.</summary>
    /// <param name="host">Without a dot at its end.</param>
    public static bool Has(string host) =>
        !host.Contains('.', StringComparison.Ordinal)
        || Array.Exists(Suffixes, suffix => host.EndsWith($".{suffix}", StringComparison.OrdinalIgnoreCase) || host.Equals(suffix, StringComparison.OrdinalIgnoreCase))
        // Digits of other scripts and full-width forms: some resolvers read 127.0.0.1 in them.
        || host.Any(c => c > '\x7f' && (char.GetNumericValue(c) >= 0 || c is '\u3002' or (>= '\uff00' and <= '\uffef')));
}
