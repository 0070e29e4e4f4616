using System.Runtime.InteropServices;
using System.Text.Json;

using NotificationBus.Sending;

namespace NotificationBus.Templates;

/// <summary>
/// What templates were filled with last, and what came out. The same is filled more than once: to plan, to send, for each of a recipient's devices, and
/// for all who get an announcement. Safe for any number of threads.
/// </summary>
sealed class FilledTemplates
{
    // One takes the place it falls on from the one that had it. Between plan and command there are about as many as are at work.
    const int Places = 1024;

    // In bytes, and in characters. What is larger is filled again: the places are never emptied by age.
    const int LargestData = 4 * 1024;
    const int LongestText = 16 * 1024;

    readonly Filled?[] _places = new Filled?[Places];

    /// <summary>What came out when the template was filled with the same; null when that is not here.</summary>
    public Content? Find(object template, string? recipientName, JsonElement data)
    {
        var written = JsonMarshal.GetRawUtf8Value(data);
        return Volatile.Read(ref PlaceOf(template, recipientName, written)) is { } filled
            && filled.Template == template && filled.RecipientName == recipientName && written.SequenceEqual(filled.Data)
            ? filled.Content
            : null;
    }

    /// <summary>Keeps what came out.</summary>
    /// <param name="template">The template.</param>
    /// <param name="recipientName">What it was filled with.</param>
    /// <param name="data">What it was filled with.</param>
    /// <param name="content">What came out.</param>
    /// <param name="length">How many characters it has.</param>
    public void Keep(object template, string? recipientName, JsonElement data, Content content, int length)
    {
        var written = JsonMarshal.GetRawUtf8Value(data);
        if (length <= LongestText && written.Length <= LargestData)
            Volatile.Write(ref PlaceOf(template, recipientName, written), new Filled(template, recipientName, written.ToArray(), content));
    }

    ref Filled? PlaceOf(object template, string? recipientName, ReadOnlySpan<byte> data)
    {
        var hash = new HashCode();
        hash.Add(template);
        hash.Add(recipientName, StringComparer.Ordinal);
        hash.AddBytes(data);
        return ref _places[(uint)hash.ToHashCode() % Places];
    }

    sealed record Filled(object Template, string? RecipientName, byte[] Data, Content Content);
}
