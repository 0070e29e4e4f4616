using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace NotificationBus.Providers;

/// <summary>
/// Finds what a service repeats of the text it was told to send: whole runs of it, and shorter words where they are all that matters,
/// such as a one-time code, however it is grouped. A code in small letters looks like any word: so every value of the event's data of 4 to
/// 64 characters is masked where it stands alone, in capitals or not and with hyphens or without. The words that a template puts around the
/// values stay. It is prepared when something goes wrong, and not before.
/// </summary>
/// <param name="told">What the recipient is told.</param>
/// <param name="values">The values of the event's data.</param>
sealed partial class RepeatedText(IEnumerable<string> told, IEnumerable<string> values)
{
    // Shorter runs stand in many a sentence that says nothing of ours.
    const int ShortestRun = 12;

    const int ShortestCode = 4;

    // What is longer is found as runs.
    const int LongestCode = 64;

    // What is longer is repeated from its beginning, if at all.
    const int LongestText = 64 * 1024;

    // Numbers with more digits are found as runs.
    const int MostDigits = ShortestRun;

    static readonly SearchValues<char> Vowels = SearchValues.Create("aeiouyAEIOUY");

    readonly Lazy<Told> _told = new(() => Read(told, values));

    /// <summary>The text with what is repeated in it masked.</summary>
    public string Hide(string text, string mask)
    {
        if (text.Length < ShortestCode && Ascii.IsValid(text))
            return text;

        var (runs, words, numbers, values) = _told.Value;
        var hidden = new bool[text.Length];
        for (var at = 0; at + ShortestRun <= text.Length; at++)
        {
            if (runs.Contains(HashOf(text.AsSpan(at, ShortestRun))))
                Array.Fill(hidden, true, at, ShortestRun);
        }

        foreach (var word in TellingIn(text).Concat(Latin().Matches(text)))
        {
            if (words.Contains(Plain(word.Value)))
                Array.Fill(hidden, true, word.Index, word.Length);
        }

        foreach (var (start, length, digits) in NumbersIn(text))
        {
            if (numbers.Contains(digits))
                Array.Fill(hidden, true, start, length);
        }

        foreach (var word in Hyphenated().Matches(text).Where(word => values.Contains(Plain(word.Value))))
            Array.Fill(hidden, true, word.Index, word.Length);
        HideAlone(text, values, hidden);

        var shown = new StringBuilder(text.Length);
        for (var at = 0; at < text.Length; at++)
        {
            if (!hidden[at])
                shown.Append(text[at]);
            else if (at == 0 || !hidden[at - 1])
                shown.Append(mask);
        }

        return shown.ToString();
    }

    // By length, and not by value: of these there may be thousands.
    static void HideAlone(string text, HashSet<string> values, bool[] hidden)
    {
        var isValue = values.GetAlternateLookup<ReadOnlySpan<char>>();
        int[] lengths = [.. values.Select(value => value.Length).Distinct()];
        for (var at = 0; at < text.Length; at++)
        {
            if (at > 0 && char.IsLetterOrDigit(text[at - 1]))
                continue;
            foreach (var length in lengths)
            {
                var end = at + length;
                if (end > text.Length || (end < text.Length && char.IsLetterOrDigit(text[end])))
                    continue;
                if (isValue.Contains(text.AsSpan(at, length)))
                    Array.Fill(hidden, true, at, length);
            }
        }
    }

    static Told Read(IEnumerable<string> told, IEnumerable<string> values)
    {
        var read = new Told(
            [],
            new HashSet<string>(StringComparer.OrdinalIgnoreCase),
            new HashSet<string>(StringComparer.Ordinal),
            new HashSet<string>(StringComparer.OrdinalIgnoreCase)
        );
        var codes = values.Select(value => value.Trim()).SelectMany(value => (string[])[value, Plain(value)]);
        read.Values.UnionWith(codes.Where(code => code.Length is >= ShortestCode and <= LongestCode));
        foreach (var whole in told)
        {
            var text = whole.Length > LongestText ? whole[..LongestText] : whole;
            for (var at = 0; at + ShortestRun <= text.Length; at++)
                read.Runs.Add(HashOf(text.AsSpan(at, ShortestRun)));
            var strange = Latin().Matches(text).Where(word => IsCode(word.ValueSpan));
            read.Words.UnionWith(TellingIn(text).Concat(strange).Select(word => Plain(word.Value)));
            read.Numbers.UnionWith(NumbersIn(text).Select(number => number.Digits));
        }

        return read;
    }

    static int HashOf(ReadOnlySpan<char> run) => string.GetHashCode(run, StringComparison.OrdinalIgnoreCase);

    // Hyphens in a code are there for the eye.
    static string Plain(string word) => word.Replace("-", "", StringComparison.Ordinal);

    static IEnumerable<Match> TellingIn(string text) =>
        Telling()
            .Matches(text)
            .Where(word => word.Length >= ShortestCode || word.ValueSpan.ContainsAnyExceptInRange('\0', '\x7f'))
            .Concat(Hyphenated().Matches(text).Where(word => word.ValueSpan.ContainsAnyInRange('0', '9')));

    /// <summary>True for letters as nobody writes a word: in capitals, with a capital inside, or without a vowel.</summary>
    static bool IsCode(ReadOnlySpan<char> word) => word[1..].ContainsAnyInRange('A', 'Z') || !word.ContainsAny(Vowels);

    /// <summary>
    /// Each number of a few digits, whatever stands between these: 493817 also in <c>493-817</c> and in <c>4 9 3 8 1 7</c>.
    /// </summary>
    static IEnumerable<(int Start, int Length, string Digits)> NumbersIn(string text)
    {
        foreach (Match grouped in Grouped().Matches(text))
        {
            var groups = Digits().Matches(grouped.Value);
            for (var first = 0; first < groups.Count; first++)
            {
                var digits = "";
                for (var last = first; last < groups.Count && digits.Length + groups[last].Length <= MostDigits; last++)
                {
                    digits += string.Concat(groups[last].Value.Select(digit => (char)('0' + CharUnicodeInfo.GetDecimalDigitValue(digit))));
                    var length = groups[last].Index + groups[last].Length - groups[first].Index;
                    if (digits.Length >= ShortestCode)
                        yield return (grouped.Index + groups[first].Index, length, digits);
                }
            }
        }
    }

    // Words with a digit in them, and words in other letters than a service speaks.
    [GeneratedRegex(
        @"[\p{L}\p{N}]*[0-9][\p{L}\p{N}]*|[A-Za-z]*[\p{L}\p{M}-[A-Za-z]][\p{L}\p{M}]+",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking
    )]
    private static partial Regex Telling();

    [GeneratedRegex(
        @"[A-Za-z0-9]+(-[A-Za-z0-9]+)+",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking
    )]
    private static partial Regex Hyphenated();

    [GeneratedRegex(@"[A-Za-z]{4,}", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Latin();

    [GeneratedRegex(
        @"\p{Nd}+([\s\p{Pd}.,_/]{1,3}\p{Nd}+)*",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking
    )]
    private static partial Regex Grouped();

    [GeneratedRegex(@"\p{Nd}+", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Digits();

    /// <summary>What is looked for.</summary>
    sealed record Told(HashSet<int> Runs, HashSet<string> Words, HashSet<string> Numbers, HashSet<string> Values);
}
