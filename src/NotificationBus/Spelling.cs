namespace NotificationBus;

/// <summary>Guesses what was meant by a name that is not known.</summary>
public static class Spelling
{
    // A name is compared letter by letter with each known one; nobody misspells a longer one into one of ours.
    const int Longest = 64;

    const int LongWord = 7;

    /// <summary>
    /// What is said of a name that nobody knows: which are allowed, and which of them was meant. It holds known names only.
    /// </summary>
    public static string Unknown(string? name, IReadOnlyCollection<string> known) =>
        known.Count == 0 ? "is unknown, none is allowed" : $"is unknown, allowed are {string.Join(", ", known)}{DidYouMean(name, known)}";

    /// <summary>
    /// The end of a sentence that says what is allowed: <c>; did you mean order-placed?</c>, or nothing. It holds known names only.
    /// </summary>
    public static string DidYouMean(string? name, IEnumerable<string> known) =>
        Meant(name, known) is { } meant ? $"; did you mean {meant}?" : "";

    /// <summary>The known name that is all but the same, whatever its case and its hyphens; or null.</summary>
    public static string? Meant(string? name, IEnumerable<string> known)
    {
        if (name is not { Length: > 0 and <= Longest } || Letters(name) is not { Length: > 0 } letters)
            return null;

        // One letter is missing, too many or wrong for each of the distance: others need not be compared.
        var most =
            letters.Length >= LongWord ? 2
            : letters.Length > 4 ? 1
            : 0;
        var (meant, distance) = known
            .Select(ours => (Name: ours, Letters: Letters(ours)))
            .Where(ours => Math.Abs(ours.Letters.Length - letters.Length) <= most)
            .Select(ours => (ours.Name, Distance: Distance(letters, ours.Letters)))
            .Append((Name: "", Distance: int.MaxValue))
            .MinBy(ours => ours.Distance);
        return distance <= most ? meant : null;
    }

    /// <summary>Counts the letters that are missing, too many, wrong or swapped with their neighbour.</summary>
    public static int Distance(string one, string other)
    {
        var distances = new int[one.Length + 1, other.Length + 1];
        for (var i = 0; i <= one.Length; i++)
        {
            for (var j = 0; j <= other.Length; j++)
            {
                distances[i, j] = (i, j) switch
                {
                    (0, _) => j,
                    (_, 0) => i,
                    _ => Math.Min(
                        Math.Min(distances[i - 1, j], distances[i, j - 1]) + 1,
                        distances[i - 1, j - 1] + (one[i - 1] == other[j - 1] ? 0 : 1)
                    ),
                };
                if (i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1])
                    distances[i, j] = Math.Min(distances[i, j], distances[i - 2, j - 2] + 1);
            }
        }

        return distances[one.Length, other.Length];
    }

    static string Letters(string name) => string.Concat(name.Where(char.IsLetterOrDigit)).ToUpperInvariant();
}
