using System.Globalization;

namespace NotificationBus;

/// <summary>Shortens a text for a place that has not room for all of it.</summary>
static class ShortText
{
    const string End = "…";

    /// <summary>
    /// The text, or as much of its beginning as there is room for, with <c>…</c> behind it. What people see as one character is not torn apart: a
    /// letter with its marks, an emoji of several signs (UAX #29).
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="longest">The most it may take, at least 1.</param>
    /// <param name="size">What a piece of text takes; its UTF-16 characters when nothing else is said.</param>
    public static string Of(string text, int longest, Func<string, int>? size = null)
    {
        size ??= piece => piece.Length;
        if (size(text) <= longest)
            return text;

        // What is longer by a piece takes no less: the place of the cut is looked for by halves.
        var cuts = Boundaries(text, longest * 4);
        var (fits, tooLong) = (0, cuts.Count);
        while (tooLong - fits > 1)
        {
            var middle = (fits + tooLong) / 2;
            if (size(string.Concat(text.AsSpan(0, cuts[middle]).TrimEnd(), End)) <= longest)
                fits = middle;
            else
                tooLong = middle;
        }

        return string.Concat(text.AsSpan(0, cuts[fits]).TrimEnd(), End);
    }

    /// <summary>Finds the places where the text may be cut, as far as anybody needs to look.</summary>
    static List<int> Boundaries(string text, int farthest)
    {
        var cuts = new List<int> { 0 };
        for (var at = 0; at < text.Length && at <= farthest;)
        {
            at += StringInfo.GetNextTextElementLength(text.AsSpan(at));
            cuts.Add(at);
        }

        return cuts;
    }
}
