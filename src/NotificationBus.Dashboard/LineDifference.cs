namespace NotificationBus.Dashboard;

/// <summary>The lines that one text has and another has not, in the order in which they are read.</summary>
public static class LineDifference
{
    // Of longer ones the table would be too large; they are shown as taken out and put in.
    const int MostCompared = 4_000_000;

    // So many lines around a change say where it is.
    const int Around = 3;

    /// <summary>Compares two texts line by line.</summary>
    /// <returns>All lines of both, each once where they agree.</returns>
    public static IReadOnlyList<DiffLine> Of(string before, string after)
    {
        var (old, now) = (Lines(before), Lines(after));
        var start = 0;
        while (start < old.Length && start < now.Length && old[start] == now[start])
            start++;
        var end = 0;
        while (end < old.Length - start && end < now.Length - start && old[^(end + 1)] == now[^(end + 1)])
            end++;

        return
        [
            .. old[..start].Select(line => new DiffLine(LineChange.None, line)),
            .. Between(old[start..^end], now[start..^end]),
            .. old[^end..].Select(line => new DiffLine(LineChange.None, line)),
        ];
    }

    /// <summary>Leaves out what is far from a change.</summary>
    /// <returns>The lines; null stands for some that are left out.</returns>
    public static IReadOnlyList<DiffLine?> Near(IReadOnlyList<DiffLine> lines)
    {
        var near = new bool[lines.Count];
        for (var line = 0; line < lines.Count; line++)
        {
            if (lines[line].Change != LineChange.None)
                Array.Fill(near, true, Math.Max(line - Around, 0), Math.Min(line + Around + 1, lines.Count) - Math.Max(line - Around, 0));
        }

        var shown = new List<DiffLine?>();
        for (var line = 0; line < lines.Count; line++)
        {
            if (near[line])
                shown.Add(lines[line]);
            else if (line == 0 || near[line - 1])
                shown.Add(null);
        }

        return shown;
    }

    static string[] Lines(string text) => text.Length == 0 ? [] : text.TrimEnd('\n').Split('\n');

    static List<DiffLine> Between(string[] old, string[] now)
    {
        if ((long)old.Length * now.Length > MostCompared)
            return [.. old.Select(line => new DiffLine(LineChange.Out, line)), .. now.Select(line => new DiffLine(LineChange.In, line))];

        // The longest that both have in common: the length for what is left of each.
        var common = new int[old.Length + 1, now.Length + 1];
        for (var i = old.Length - 1; i >= 0; i--)
        {
            for (var j = now.Length - 1; j >= 0; j--)
                common[i, j] = old[i] == now[j] ? common[i + 1, j + 1] + 1 : Math.Max(common[i + 1, j], common[i, j + 1]);
        }

        var lines = new List<DiffLine>(old.Length + now.Length);
        for (int i = 0, j = 0; i < old.Length || j < now.Length; )
        {
            if (i < old.Length && j < now.Length && old[i] == now[j])
                (lines, i, j) = (With(LineChange.None, old[i]), i + 1, j + 1);
            else if (j == now.Length || (i < old.Length && common[i + 1, j] >= common[i, j + 1]))
                lines = With(LineChange.Out, old[i++]);
            else
                lines = With(LineChange.In, now[j++]);
        }

        return lines;

        List<DiffLine> With(LineChange change, string text)
        {
            lines.Add(new DiffLine(change, text));
            return lines;
        }
    }
}

/// <summary>A line of two texts that are compared.</summary>
/// <param name="Change">Which of them has it.</param>
/// <param name="Text">What it says.</param>
public sealed record DiffLine(LineChange Change, string Text);

/// <summary>What became of a line.</summary>
public enum LineChange
{
    /// <summary>It stands in both.</summary>
    None,

    /// <summary>It was taken out.</summary>
    Out,

    /// <summary>It was put in.</summary>
    In,
}
