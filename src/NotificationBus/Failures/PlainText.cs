using System.Text;

namespace NotificationBus.Failures;

/// <summary>Text that any database and any terminal can hold.</summary>
static class PlainText
{
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
