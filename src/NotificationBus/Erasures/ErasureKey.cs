using System.Security.Cryptography;
using System.Text;
using NotificationBus.Notifications;

namespace NotificationBus.Erasures;

/// <summary>
/// Names what stands in the place of people and their addresses: a hash that is keyed, so that whoever has the names alone cannot try
/// addresses against them. The same is named the same each time.
/// </summary>
public sealed class ErasureKey
{
    /// <summary>The length of a key in bytes.</summary>
    public const int Length = 32;

    /// <summary>What each name begins with.</summary>
    public const string Prefix = ErasedRecipient.Prefix;

    readonly byte[] _key;

    /// <summary>Names with that key.</summary>
    /// <param name="key">32 bytes.</param>
    public ErasureKey(byte[] key)
    {
        _key = key.Length == Length ? key : throw new ArgumentException($"a key of {Length} bytes is needed", nameof(key));
    }

    /// <summary>Makes a key.</summary>
    public static ErasureKey New() => new(RandomNumberGenerator.GetBytes(Length));

    /// <summary>The name of an address. PostgreSQL makes the same in its statements.</summary>
    /// <param name="canonical">The address, as its channel writes it.</param>
    public string OfAddress(string canonical) => $"{Prefix}{Convert.ToHexStringLower(Hash(canonical))}";

    /// <summary>The name of a recipient.</summary>
    /// <param name="application">The application the recipient belongs to.</param>
    /// <param name="recipient">The recipient's id.</param>
    public string OfRecipient(string application, string recipient) =>
        $"{Prefix}{Convert.ToHexStringLower(Hash($"recipient\n{application}\n{recipient}").AsSpan(0, 8))}";

    /// <summary>True when a recipient's id can be such a name. A person's own may begin with the same word.</summary>
    public static bool IsNameOfRecipient(string id) =>
        id.StartsWith(Prefix, StringComparison.Ordinal)
        && id.Length == Prefix.Length + 16
        && id.Skip(Prefix.Length).All(char.IsAsciiHexDigitLower);

    byte[] Hash(string text) => SHA256.HashData([.. _key, .. Encoding.UTF8.GetBytes(text)]);
}
