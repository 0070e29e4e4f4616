using System.Buffers.Binary;
using System.Security.Cryptography;

namespace NotificationBus.Channels.Push;

/// <summary>
/// Content encrypted for one browser: the content coding aes128gcm (RFC 8188) under the key that Web Push derives (RFC 8291).
/// </summary>
static class EncryptedContent
{
    /// <summary>The length of a salt in octets.</summary>
    public const int SaltLength = 16;

    const int RecordSize = 4096;
    const int TagLength = 16;
    const byte LastRecord = 2;

    /// <summary>Encrypts for a browser. Key and salt must be new for each message.</summary>
    public static byte[] Encrypt(ReadOnlySpan<byte> text, WebPushSubscription subscription, ECDiffieHellman key, ReadOnlySpan<byte> salt)
    {
        using var browser = ECDiffieHellman.Create(WebPushSubscription.Point(subscription.PublicKey));
        var own = key.ExportParameters(includePrivateParameters: false).Q;
        byte[] ownKey = [4, .. own.X!, .. own.Y!];
        var shared = HKDF.Extract(HashAlgorithmName.SHA256, key.DeriveRawSecretAgreement(browser.PublicKey), subscription.Secret);
        var input = HKDF.Expand(HashAlgorithmName.SHA256, shared, 32, [.. "WebPush: info\0"u8, .. subscription.PublicKey, .. ownKey]);
        return Encode(text, input, salt, ownKey);
    }

    /// <summary>The content coding by itself, in one record.</summary>
    public static byte[] Encode(ReadOnlySpan<byte> text, byte[] input, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> keyId)
    {
        if (text.Length + 1 + TagLength > RecordSize)
            throw new ArgumentException($"the text has no room in a record of {RecordSize} octets", nameof(text));

        var secret = HKDF.Extract(HashAlgorithmName.SHA256, input, salt.ToArray());
        var key = HKDF.Expand(HashAlgorithmName.SHA256, secret, 16, "Content-Encoding: aes128gcm\0"u8.ToArray());
        var nonce = HKDF.Expand(HashAlgorithmName.SHA256, secret, 12, "Content-Encoding: nonce\0"u8.ToArray());

        var head = SaltLength + 4 + 1 + keyId.Length;
        var coded = new byte[head + text.Length + 1 + TagLength];
        salt.CopyTo(coded);
        BinaryPrimitives.WriteUInt32BigEndian(coded.AsSpan(SaltLength), RecordSize);
        coded[SaltLength + 4] = (byte)keyId.Length;
        keyId.CopyTo(coded.AsSpan(SaltLength + 5));

        using var aes = new AesGcm(key, TagLength);
        aes.Encrypt(nonce, [.. text, LastRecord], coded.AsSpan(head, text.Length + 1), coded.AsSpan(head + text.Length + 1));
        return coded;
    }
}
