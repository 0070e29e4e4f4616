using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;
using NotificationBus.Contracts;
using NotificationBus.Model;

namespace NotificationBus.Intake;

/// <summary>
/// Puts right what only decorates an event, and the blanks around addresses: what cannot be used is cut or left out, and noted. What is
/// empty is the same as what is not there, and no news.
/// </summary>
public sealed partial class Decoration
{
    /// <summary>The text in the place of a value that is no text. No text of a notification has it.</summary>
    public const string NoText = "\0";

    // With the ends of a line that are none of ASCII.
    static readonly SearchValues<char> LineBreakers = SearchValues.Create([
        .. Enumerable.Range(0, 0x20).Select(c => (char)c),
        '\x7f',
        .. Enumerable.Range(0x80, 0x20).Select(c => (char)c),
        '\u2028',
        '\u2029',
    ]);
    static readonly SearchValues<char> EndOfTag = SearchValues.Create('.', '@', ',', ';');

    readonly List<string> _decisions = [];
    readonly List<Breach> _breaches = [];

    /// <summary>The cuts and omissions, for a person to read. Names places, never values.</summary>
    public IReadOnlyList<string> Decisions => _decisions;

    /// <summary>The breaches in what goes out all the same, wrong enough to be told to whoever can be answered.</summary>
    public IReadOnlyList<Breach> Breaches => _breaches;

    /// <summary>A text on one line; null when nothing of it is left.</summary>
    /// <param name="place">Where it stands, as JSON spells it.</param>
    /// <param name="text">The text.</param>
    /// <param name="longest">The most characters; what is longer is cut.</param>
    public string? Line(string place, string? text, int longest = TextLengths.PersonName) => Line(new Place(place), text, longest);

    /// <summary>A text that is of no use when it is cut.</summary>
    /// <inheritdoc cref="Line(string, string, int)"/>
    public string? WholeLine(string place, string? text, int longest = TextLengths.PersonName) =>
        text?.Length > longest ? LeftOut(new Place(place), $"it is longer than {longest} characters") : Line(place, text, longest);

    /// <summary>A text that matters, on one line; nothing is cut, and one that is empty stays so.</summary>
    public string OneLine(string place, string text) =>
        text?.Contains('\0', StringComparison.Ordinal) != false ? text! : Line(place, text, int.MaxValue) ?? "";

    /// <summary>A person: the name on one line, locale and country as they are written, addresses without the blanks around them.</summary>
    [return: NotNullIfNotNull(nameof(person))]
    public Contact? Person(string place, Contact? person) =>
        person is null
            ? null
            : person with
            {
                Name = Line(new Place(place, "name"), person.Name, TextLengths.PersonName),
                Locale = Locale(new Place(place, "locale"), person.Locale),
                Country = Country(new Place(place, "country"), person.Country),
                Email = Address(new Place(place, "email"), person.Email),
                Phone = Address(new Place(place, "phone"), person.Phone),
                WebhookUrl = Address(new Place(place, "webhookUrl"), person.WebhookUrl),
                PushTokens = Addresses(new Place(place, "pushTokens"), person.PushTokens, "tokens"),
                Chat = Addresses(new Place(place, "chat"), person.Chat, "places"),
            };

    /// <summary>
    /// Business keys: those that may be keys. Nothing is refused for one that may not, unless whoever gave it can be told.
    /// </summary>
    /// <param name="place">Where they stand, as JSON spells it.</param>
    /// <param name="keys">The keys.</param>
    /// <param name="most">The most there may be.</param>
    /// <param name="areGiven">True when the producer calls them keys; what is wrong with them is a breach then.</param>
    public IReadOnlyDictionary<string, string> Pairs(string place, IReadOnlyDictionary<string, string> keys, int most, bool areGiven)
    {
        if (keys.Count == 0 || (keys.Count <= most && keys.All(key => BusinessKeys.IsName(key.Key) && IsTidyKey(key.Value))))
            return keys;

        var usable = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in keys)
        {
            // A name that may be none may be of any length, and is not repeated.
            if (!BusinessKeys.IsName(name))
                LeaveOut(new Place(place), $"a name {BusinessKeys.NameRule}");
            else if (value?.Trim() is not { } key || !BusinessKeys.IsValue(key))
                LeaveOut(new Place(place, name), BusinessKeys.ValueRule);
            else if (usable.Count == most)
                LeaveOut(new Place(place), most == BusinessKeys.Most ? $"must be at most {most} keys" : $"must be at most {most} pairs");
            else
                usable.Add(name, key);
        }

        return usable;

        void LeaveOut(Place at, string rule)
        {
            Note(at, $"was left out: {rule}");
            if (areGiven && _breaches.Count < IntakeRules.MostErrors)
                _breaches.Add(new Breach($"{at}", rule));
        }
    }

    static bool IsTidyKey(string? value) => BusinessKeys.IsValue(value) && !char.IsWhiteSpace(value![0]) && !char.IsWhiteSpace(value[^1]);

    string? Line(Place place, string? text, int longest)
    {
        if (text is null)
            return null;
        if (text.Contains('\0', StringComparison.Ordinal))
            return LeftOut(place, "it is no text");

        var line = text.AsSpan().Trim().ContainsAny(LineBreakers) ? Breaks().Replace(text, " ").Trim() : text.Trim();
        if (line.Length > longest)
            Note(place, $"was cut to {longest} characters");
        else if (line.Length > 0 && text.AsSpan().Trim().ContainsAny(LineBreakers))
            Note(place, "was put on one line");
        return line.Length == 0 ? null : ShortText.Of(line, longest);
    }

    /// <summary>A language tag: <c>en-US</c> also of <c>en_US</c>, <c>en_US.UTF-8</c> and <c>en-US,en;q=0.9</c>.</summary>
    string? Locale(Place place, string? text)
    {
        var tag = text.AsSpan().Trim();
        if (tag.IndexOfAny(EndOfTag) is > 0 and var end)
            tag = tag[..end].TrimEnd();
        if (tag.IsEmpty)
            return null;

        // Long ones are looked at no further: to read one costs more the longer it is.
        var locale =
            tag.Length > TextLengths.Locale ? ""
            : tag.Length == text!.Length ? text.Replace('_', '-')
            : tag.ToString().Replace('_', '-');
        return LanguageTag().IsMatch(locale) ? locale : LeftOut(place, "it is no language tag (BCP 47) such as th or en-GB");
    }

    string? Country(Place place, string? text)
    {
        var code = text.AsSpan().Trim();
        return code.IsEmpty ? null
            : code.Length == 2 && char.IsAsciiLetter(code[0]) && char.IsAsciiLetter(code[1]) ? code.ToString().ToUpperInvariant()
            : LeftOut(place, "it is no code of two letters (ISO 3166-1) such as TH");
    }

    string? Address(Place place, string? text) =>
        text is null ? null
        : text.Contains('\0', StringComparison.Ordinal) ? LeftOut(place, "it is no text")
        : text.Trim() is { Length: > 0 } address ? address
        : null;

    IReadOnlyList<string> Addresses(Place place, IReadOnlyList<string> texts, string what)
    {
        var addresses = texts.All(IsTidy) ? texts : Usable(place, texts);
        if (addresses.Count <= TextLengths.MostTexts)
            return addresses;

        var tooMany = TextLengths.TooMany(what);
        _breaches.Add(new Breach($"{place}", tooMany));
        Note(place, $"was cut to its first {TextLengths.MostTexts}: it {tooMany}");
        return [.. addresses.Take(TextLengths.MostTexts)];
    }

    static bool IsTidy(string text) =>
        text is { Length: > 0 }
        && !char.IsWhiteSpace(text[0])
        && !char.IsWhiteSpace(text[^1])
        && !text.Contains('\0', StringComparison.Ordinal);

    List<string> Usable(Place place, IReadOnlyList<string> texts)
    {
        var addresses = new List<string>();
        for (var index = 0; index < texts.Count; index++)
        {
            var at = place with { Index = index };
            if (Address(at, texts[index]) is { } address)
                addresses.Add(address);
            else if (string.IsNullOrWhiteSpace(texts[index]))
                LeftOut(at, "it is empty");
        }

        return addresses;
    }

    string? LeftOut(Place place, string why)
    {
        Note(place, $"was left out: {why}");
        return null;
    }

    // A list may have as many mistakes as it is long.
    void Note(Place place, string what)
    {
        var decision = $"{place} {what}";
        if (_decisions.Count < IntakeRules.MostErrors && !_decisions.Contains(decision))
            _decisions.Add(decision);
    }

    /// <summary>The place of something. It is written out only when there is something to say.</summary>
    readonly record struct Place(string At, string? Property = null, int Index = -1)
    {
        public override string ToString() => string.Concat(At, Property is null ? "" : $".{Property}", Index < 0 ? "" : $"[{Index}]");
    }

    [GeneratedRegex(@"\s*[\p{Cc}\u2028\u2029]+\s*", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Breaks();

    [GeneratedRegex(
        @"\A[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*\z",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking
    )]
    private static partial Regex LanguageTag();
}
