using System.Globalization;

namespace NotificationBus;

/// <summary>Shortens a text for a place that has not room for all of it.</summary>
static class ShortText
{
    const string End = "…";

    // Joins two emoji into one; at the end there is nothing to join.
    const char Joiner = '\u200d';

    /// <summary>
    /// The text, or as much of its beginning as there is room for, with <c>…</c> behind it. What people see as one character is not torn
    /// apart: a letter with its marks, an emoji of several signs (UAX #29), unless there is no room for the first of them.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="longest">The most it may take, at least 1.</param>
    /// <param name="size">What a piece of text takes; its UTF-16 characters when nothing else is said.</param>
    public static string Of(string text, int longest, Func<string, int>? size = null)
    {
        size ??= piece => piece.Length;
        if (size(text) <= longest)
            return text;

        // Blanks before it would be all there is room for.
        text = text.Trim();
        if (size(text) <= longest)
            return text;

        var beginning = Beginning(Boundaries(text, longest * 4));
        return beginning.Length > End.Length ? beginning : Beginning(BoundariesIn(text, longest * 4));

        // What is longer by a piece takes no less: the place of the cut is looked for by halves.
        string Beginning(List<int> cuts)
        {
            var (fits, tooLong) = (0, cuts.Count);
            while (tooLong - fits > 1)
            {
                var middle = (fits + tooLong) / 2;
                if (size(CutAt(cuts[middle])) <= longest)
                    fits = middle;
                else
                    tooLong = middle;
            }

            return CutAt(cuts[fits]);
        }

        string CutAt(int at) => string.Concat(text.AsSpan(0, at).TrimEnd().TrimEnd(Joiner), End);
    }

    /// <summary>Finds the places where the text may be cut, as far as anybody needs to look.</summary>
    static List<int> Boundaries(string text, int farthest)
    {
        var cuts = new List<int> { 0 };
        for (var at = 0; at < text.Length && at <= farthest; )
        {
            at += StringInfo.GetNextTextElementLength(text.AsSpan(at));
            cuts.Add(at);
        }

        return cuts;
    }

    /// <summary>
    /// Where a first character that is longer than all there is room for may be cut: three thousand marks above one letter.
    /// </summary>
    static List<int> BoundariesIn(string text, int farthest)
    {
        var cuts = new List<int> { 0 };
        foreach (var rune in text.EnumerateRunes())
        {
            if (cuts[^1] > farthest)
                break;
            cuts.Add(Math.Min(cuts[^1] + rune.Utf16SequenceLength, text.Length));
        }

        return cuts;
    }
}
