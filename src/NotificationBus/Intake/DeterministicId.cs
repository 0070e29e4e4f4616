using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace NotificationBus.Intake;

/// <summary>Ids that come out the same whenever the same thing is named again, so that repeating is harmless.</summary>
public static class DeterministicId
{
    /// <summary>
    /// SHA-256 over the parts, laid out as a UUID of version 8 (RFC 9562, section 5.8). Each part is preceded by its length,
    /// so that no two lists of parts read alike.
    /// </summary>
    public static Guid From(params ReadOnlySpan<string> parts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> length = stackalloc byte[4];
        foreach (var part in parts)
        {
            var bytes = Encoding.UTF8.GetBytes(part);
            BinaryPrimitives.WriteInt32BigEndian(length, bytes.Length);
            hash.AppendData(length);
            hash.AppendData(bytes);
        }

        Span<byte> digest = stackalloc byte[32];
        hash.GetHashAndReset(digest);
        return Lay(digest);
    }

    /// <summary>The same over one content.</summary>
    public static Guid Of(ReadOnlySpan<byte> content)
    {
        Span<byte> digest = stackalloc byte[32];
        SHA256.HashData(content, digest);
        return Lay(digest);
    }

    static Guid Lay(Span<byte> digest)
    {
        digest[6] = (byte)((digest[6] & 0x0F) | 0x80);
        digest[8] = (byte)((digest[8] & 0x3F) | 0x80);
        return new Guid(digest[..16], bigEndian: true);
    }
}
