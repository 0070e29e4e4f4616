using System.Text;

namespace NotificationBus.Providers;

/// <summary>Finds a person's name, whole or in part. A short one is looked for as a word: in others it stands by chance.</summary>
sealed class RepeatedName
{
    // A part in Latin letters that is shorter is a word of many languages, and is looked for as it is written, or in capitals.
    const int ShortestInAnyCase = 3;

    readonly IReadOnlyList<string> _parts;

    /// <summary>Looks for the name.</summary>
    /// <param name="name">The name; null when it is not known.</param>
    public RepeatedName(string? name) =>
        _parts = string.IsNullOrWhiteSpace(name)
            ? []
            :
            [
                name.Trim(),
                .. name.Split(
                        [' ', '\u00a0', ',', '.', '"', '(', ')'],
                        StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries
                    )
                    .Where(IsTelling),
            ];

    /// <summary>The text with the name in it masked.</summary>
    public string Hide(string text, string mask) => _parts.Aggregate(text, (hidden, part) => Hide(hidden, part, mask));

    // One Latin letter says nothing.
    static bool IsTelling(string part) => part.Length > 1 || !Ascii.IsValid(part);

    static string Hide(string text, string part, string mask)
    {
        if (!IsTelling(part))
            return text;
        // Not all scripts put something between words.
        if (!Ascii.IsValid(part))
            return text.Replace(part, mask, StringComparison.OrdinalIgnoreCase);

        var shown = new StringBuilder();
        var from = 0;
        for (int at; (at = text.IndexOf(part, from, StringComparison.OrdinalIgnoreCase)) >= 0; from = at + part.Length)
        {
            var isName =
                !IsLetter(text, at - 1)
                && !IsLetter(text, at + part.Length)
                && (part.Length >= ShortestInAnyCase || IsWritten(text.AsSpan(at, part.Length), part));
            shown.Append(text, from, at - from).Append(isName ? mask : text.AsSpan(at, part.Length));
        }

        return from == 0 ? text : shown.Append(text, from, text.Length - from).ToString();
    }

    static bool IsLetter(string text, int at) => at >= 0 && at < text.Length && char.IsLetter(text[at]);

    static bool IsWritten(ReadOnlySpan<char> found, string part) =>
        found.SequenceEqual(part) || found.SequenceEqual(part.ToUpperInvariant());
}
