namespace NotificationBus.Channels.Http;

/// <summary>
/// Host names that lead nowhere in the public Internet, told without looking them up: IANA's special-use names, names of one label, and
/// what was meant as an address and is none.
/// </summary>
static class LocalNames
{
    // IANA's special-use names: RFC 6761, RFC 6762 (mDNS), RFC 7686, RFC 8375 (below arpa, where nobody has a server), RFC 9476. Then
    // "internal", which ICANN has set aside: clouds have their metadata services below it. Then what it gives nobody, because networks use
    // it for themselves; "svc" is Kubernetes'. Not "example", which documents take for any name.
    static readonly string[] Suffixes =
    [
        "localhost",
        "invalid",
        "test",
        "local",
        "onion",
        "arpa",
        "alt",
        "internal",
        "corp",
        "home",
        "mail",
        "intranet",
        "lan",
        "private",
        "localdomain",
        "svc",
    ];

    /// <summary>True for such a name.</summary>
    /// <param name="host">Without a dot at its end.</param>
    public static bool Has(string host) =>
        !host.Contains('.', StringComparison.Ordinal)
        || Array.Exists(Suffixes, suffix => host.EndsWith($".{suffix}", StringComparison.OrdinalIgnoreCase))
        || IsNumber(host[(host.LastIndexOf('.') + 1)..])
        // Digits of other scripts and full-width forms: some resolvers read 127.0.0.1 in them.
        || host.Any(c => c > '\x7f' && (char.GetNumericValue(c) >= 0 || c is '\u3002' or (>= '\uff00' and <= '\uffef')));

    // No domain of the first level is one: what ends so is no name, such as 1.2.3.4.5 (WHATWG, "ends in a number").
    static bool IsNumber(string label) =>
        label.All(char.IsAsciiDigit)
        || (label.StartsWith("0x", StringComparison.OrdinalIgnoreCase) && label[2..].All(char.IsAsciiHexDigit));
}
