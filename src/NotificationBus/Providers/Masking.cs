using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;

namespace NotificationBus.Providers;

/// <summary>
/// Takes out of a text what a request has carried and nobody may read: secrets, addresses, names, and what the recipient is told.
/// </summary>
public sealed partial class Masking
{
    const string Mask = "[…]";
    const int LongestExcerpt = 200;

    // Of which as much is read as makes an excerpt, whatever is hidden in it.
    const int LongestRead = 16 * 1024;

    // Shorter words hide nothing, and stand in many an innocent sentence.
    const int ShortestSecret = 4;
    const int ShortestPart = 8;
    const int ShortestOfPath = 16;

    // JSON that is quoted in JSON that is quoted in JSON.
    const int DeepestEscape = 4;

    readonly IReadOnlyList<string> _words;
    readonly RepeatedName _name;
    readonly RepeatedText _told;

    Masking(IEnumerable<string> words, string? name, IEnumerable<string> told, IEnumerable<string> values)
    {
        _words = [.. words.Distinct(StringComparer.Ordinal).OrderByDescending(word => word.Length)];
        _name = new RepeatedName(name);
        _told = new RepeatedText(told, values);
    }

    /// <summary>Hides every header of the request, its path, the address, the recipient and what the vendor calls secret besides.</summary>
    public static Masking Of(HttpRequestMessage request, Delivery delivery, IEnumerable<string> secrets)
    {
        var url = request.RequestUri!;
        var headers = request.Headers.SelectMany(header => header.Value).ToList();
        // A scheme stands before the secret of many an Authorization, and a plus before a number that is repeated without it.
        string?[] whole = [.. headers, .. secrets, delivery.Address, delivery.Address.TrimStart('+'), url.PathAndQuery];
        return new Masking(
            [
                .. whole.OfType<string>().Where(word => word.Length >= ShortestSecret),
                .. headers.SelectMany(header => header.Split(' ')).Where(word => word.Length >= ShortestPart),
                .. url.PathAndQuery.Split('/', '?', '&', '=').Where(word => word.Length >= ShortestOfPath),
            ],
            delivery.RecipientName,
            delivery.Content.Texts,
            delivery.Values
        );
    }

    /// <summary>Hides mailboxes only.</summary>
    public static Masking Of() => new([], name: null, [], []);

    /// <summary>Hides mailboxes, the recipient, and what the recipient is told.</summary>
    public static Masking Of(Delivery delivery) => Of(delivery.Address, delivery.RecipientName, delivery.Content.Texts, delivery.Values);

    /// <summary>Hides mailboxes, the recipient, and what the recipient is told.</summary>
    /// <param name="address">Where the recipient is reached.</param>
    /// <param name="name">The recipient's name, when known.</param>
    /// <param name="told">What the recipient is told. It is read when there is something to hide, and not before.</param>
    /// <param name="values">The values of the event's data, each of which may be a code. They are read as late.</param>
    public static Masking Of(string address, string? name, IEnumerable<string> told, IEnumerable<string> values) =>
        new(WordsOf(address), name, told, values);

    /// <summary>Hides mailboxes and the recipient, and leaves what the recipient is told.</summary>
    public static Masking OfRecipient(Delivery delivery) => new(WordsOf(delivery.Address), delivery.RecipientName, [], []);

    static IEnumerable<string> WordsOf(string address) =>
        ((string[])[address, address.TrimStart('+')]).Where(word => word.Length >= ShortestSecret);

    /// <summary>The text on one line, without what is hidden.</summary>
    public string Clean(string text)
    {
        text = Hide(text);
        for (var depth = 0; depth < DeepestEscape && text.Contains('\\', StringComparison.Ordinal); depth++)
            text = Hide(Unescape(text));
        if (PercentEscape().IsMatch(text))
            text = Hide(Uri.UnescapeDataString(text));
        if (text.Contains('&', StringComparison.Ordinal))
            text = Hide(WebUtility.HtmlDecode(text));
        return Blanks().Replace(MailboxLike().Replace(text, "[mailbox]"), " ").Trim();
    }

    /// <summary>The beginning of <see cref="Clean"/>.</summary>
    /// <param name="text">The text.</param>
    /// <param name="longest">How much of it is left at most.</param>
    public string Excerpt(string text, int longest = LongestExcerpt)
    {
        var clean = Clean(text.Length > LongestRead ? text[..LongestRead] : text);
        return clean.Length > longest ? $"{clean.AsSpan(0, longest)}…" : clean;
    }

    string Hide(string text)
    {
        var hidden = _words.Aggregate(text, (hidden, word) => hidden.Replace(word, Mask, StringComparison.OrdinalIgnoreCase));
        return _told.Hide(_name.Hide(hidden, Mask), Mask);
    }

    // A vendor that repeats what it was told in JSON may write every character as its number.
    static string Unescape(string text) =>
        JsonEscape()
            .Replace(
                text,
                escape =>
                    escape.Groups["number"] is { Success: true } number
                        ? $"{(char)ushort.Parse(number.ValueSpan, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)}"
                        : escape.Groups["itself"].Value
            );

    [GeneratedRegex(
        @"\\(u(?<number>[0-9a-fA-F]{4})|(?<itself>[""/\\]))",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking
    )]
    private static partial Regex JsonEscape();

    [GeneratedRegex(@"%[0-9A-Fa-f]{2}", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex PercentEscape();

    [GeneratedRegex(@"[\s\p{C}]+", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Blanks();

    [GeneratedRegex(
        @"[^\s""'<>]*[^\s""'<>{}\[\](),:;](?:@|\uFF20|%40|=40|\\u0040)[^\s""'<>]*",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase | RegexOptions.NonBacktracking
    )]
    private static partial Regex MailboxLike();
}
