using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace NotificationBus.Model;

/// <summary>Ids that come out the same whenever the same thing is named again, so that repeating is harmless.</summary>
public static class DeterministicId
{
    const int ShortContent = 512;
    const int DigestLength = 32;

    /// <summary>
    /// SHA-256 over the parts, laid out as a UUID of version 8 (RFC 9562, section 5.8). Each part is preceded by its length,
    /// so that no two lists of parts read alike.
    /// </summary>
    public static Guid From(params ReadOnlySpan<string> parts)
    {
        Span<byte> digest = stackalloc byte[DigestLength];
        Hash(parts, digest);
        return Lay(digest);
    }

    /// <summary>
    /// The first 64 bits of the same hash. For what is looked for: of a thousand million, two are alike once in 37 times.
    /// </summary>
    public static long NumberFrom(params ReadOnlySpan<string> parts)
    {
        Span<byte> digest = stackalloc byte[DigestLength];
        Hash(parts, digest);
        return BinaryPrimitives.ReadInt64BigEndian(digest);
    }

    /// <summary>The same over one content.</summary>
    public static Guid Of(ReadOnlySpan<byte> content)
    {
        Span<byte> digest = stackalloc byte[DigestLength];
        SHA256.HashData(content, digest);
        return Lay(digest);
    }

    static void Hash(ReadOnlySpan<string> parts, Span<byte> digest)
    {
        var longest = 0;
        foreach (var part in parts)
            longest += sizeof(int) + Encoding.UTF8.GetMaxByteCount(part.Length);

        // In one piece: a hash that takes several costs more than what it hashes, and each notification has a dozen ids.
        var content = longest <= ShortContent ? stackalloc byte[ShortContent] : new byte[longest];
        var end = 0;
        foreach (var part in parts)
        {
            var length = Encoding.UTF8.GetBytes(part, content[(end + sizeof(int))..]);
            BinaryPrimitives.WriteInt32BigEndian(content[end..], length);
            end += sizeof(int) + length;
        }

        SHA256.HashData(content[..end], digest);
    }

    static Guid Lay(Span<byte> digest)
    {
        digest[6] = (byte)((digest[6] & 0x0F) | 0x80);
        digest[8] = (byte)((digest[8] & 0x3F) | 0x80);
        return new Guid(digest[..16], bigEndian: true);
    }
}
