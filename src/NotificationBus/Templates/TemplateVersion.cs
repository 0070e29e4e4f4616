using System.Security.Cryptography;
using System.Text;

namespace NotificationBus.Templates;

/// <summary>
/// A hash over texts, short enough to be read aloud. It tells versions of one template from each other, and nothing else.
/// </summary>
static class TemplateVersion
{
    const int Digits = 12;

    /// <summary>The hash. Each text is preceded by its length, so that no two lists read alike.</summary>
    public static string Of(IEnumerable<string> texts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var text in texts)
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            hash.AppendData(BitConverter.GetBytes(bytes.Length));
            hash.AppendData(bytes);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset())[..Digits];
    }
}
