using System.Text;
using System.Text.RegularExpressions;

namespace NotificationBus.Channels.Http;

/// <summary>
/// Finds what a service repeats of the text it was told to send: whole runs of it, and shorter words where they are all that matters, such as a
/// one-time code. It is prepared when something goes wrong, and not before.
/// </summary>
/// <param name="told">What the recipient is told.</param>
sealed partial class RepeatedText(IEnumerable<string> told)
{
    // Shorter runs stand in many a sentence that says nothing of ours.
    const int ShortestRun = 12;

    const int ShortestCode = 4;

    // What is longer is repeated from its beginning, if at all.
    const int LongestText = 64 * 1024;

    readonly Lazy<(HashSet<int> Runs, HashSet<string> Words)> _told = new(() => Read(told));

    /// <summary>The text with what is repeated in it masked.</summary>
    public string Hide(string text, string mask)
    {
        var (runs, words) = _told.Value;
        if (words.Count == 0 && runs.Count == 0)
            return text;

        var hidden = new bool[text.Length];
        for (var at = 0; at + ShortestRun <= text.Length; at++)
        {
            if (runs.Contains(HashOf(text.AsSpan(at, ShortestRun))))
                Array.Fill(hidden, true, at, ShortestRun);
        }

        foreach (Match word in TellingIn(text))
        {
            if (words.Contains(word.Value))
                Array.Fill(hidden, true, word.Index, word.Length);
        }

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

    static (HashSet<int> Runs, HashSet<string> Words) Read(IEnumerable<string> told)
    {
        var runs = new HashSet<int>();
        var words = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var text in told)
        {
            var read = text.AsSpan(0, Math.Min(text.Length, LongestText));
            for (var at = 0; at + ShortestRun <= read.Length; at++)
                runs.Add(HashOf(read.Slice(at, ShortestRun)));
            foreach (Match word in TellingIn(read.ToString()))
                words.Add(word.Value);
        }

        return (runs, words);
    }

    static int HashOf(ReadOnlySpan<char> run) => string.GetHashCode(run, StringComparison.OrdinalIgnoreCase);

    // Words with a digit in them, groups of digits such as 493-817, and words in other letters than a service speaks.
    [GeneratedRegex(@"[0-9]{2,}([ -][0-9]{2,})+|[\p{L}\p{N}]*[0-9][\p{L}\p{N}]*|[A-Za-z]*[\p{L}\p{M}-[A-Za-z]][\p{L}\p{M}]+", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Telling();

    static IEnumerable<Match> TellingIn(string text) => Telling().Matches(text).Where(word => word.Length >= ShortestCode || word.ValueSpan.ContainsAnyExceptInRange('\0', '\x7f'));
}
