using System.Text;

namespace NotificationBus;

/// <summary>Text that any database and any terminal can hold.</summary>
public static class PlainText
{
    /// <summary>True for 1 to <paramref name="longest"/> characters without control characters, as ids and names are.</summary>
    public static bool IsName(string? text, int longest) => text is { Length: > 0 } && text.Length <= longest && !text.Any(char.IsControl);

    /// <summary>At most so many characters, without control characters and halves of surrogate pairs.</summary>
    public static string Of(string text, int longest)
    {
        var plain = new StringBuilder(Math.Min(text.Length, longest));
        foreach (var rune in text.EnumerateRunes())
        {
            if (plain.Length + rune.Utf16SequenceLength > longest)
                break;

            plain.Append(Rune.IsControl(rune) ? " " : rune.ToString());
        }

        return plain.ToString();
    }
}
