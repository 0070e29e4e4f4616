using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace NotificationBus.Tests.Channels.Push;

/// <summary>A browser that has subscribed: reads what is encrypted for it, by a way of its own.</summary>
sealed class Browser
{
    readonly ECParameters _key;
    readonly byte[] _secret;

    public Browser()
        : this(NewKey(), RandomNumberGenerator.GetBytes(16)) { }

    public Browser(ECParameters key, byte[] secret) => (_key, _secret) = (key, secret);

    public byte[] PublicKey => [4, .. _key.Q.X!, .. _key.Q.Y!];

    public string Subscription(string endpoint) =>
        JsonSerializer.Serialize(
            new
            {
                endpoint,
                expirationTime = (long?)null,
                keys = new { p256dh = Base64Url.EncodeToString(PublicKey), auth = Base64Url.EncodeToString(_secret) },
            }
        );

    public string Decrypt(byte[] coded)
    {
        var salt = coded[..16];
        var recordSize = BinaryPrimitives.ReadUInt32BigEndian(coded.AsSpan(16));
        var senderKey = coded[21..(21 + coded[20])];
        var record = coded[(21 + coded[20])..];
        ((uint)record.Length).ShouldBeLessThanOrEqualTo(recordSize);

        using var own = ECDiffieHellman.Create(_key);
        using var sender = ECDiffieHellman.Create(
            new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = { X = senderKey[1..33], Y = senderKey[33..] } }
        );
        // RFC 8291, section 3.4, written out as it stands there.
        var keyOfSecret = Hmac(_secret, own.DeriveRawSecretAgreement(sender.PublicKey));
        var input = Hmac(keyOfSecret, [.. "WebPush: info\0"u8, .. PublicKey, .. senderKey, 1]);
        var pseudoRandom = Hmac(salt, input);
        var key = Hmac(pseudoRandom, [.. "Content-Encoding: aes128gcm\0"u8, 1])[..16];
        var nonce = Hmac(pseudoRandom, [.. "Content-Encoding: nonce\0"u8, 1])[..12];

        var text = new byte[record.Length - 16];
        using var aes = new AesGcm(key, 16);
        aes.Decrypt(nonce, record.AsSpan(0, text.Length), record.AsSpan(text.Length), text);
        text[^1].ShouldBe((byte)2, "the last record ends so");
        return Encoding.UTF8.GetString(text, 0, text.Length - 1);
    }

    static byte[] Hmac(byte[] key, byte[] text) => HMACSHA256.HashData(key, text);

    static ECParameters NewKey()
    {
        using var key = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        return key.ExportParameters(includePrivateParameters: true);
    }
}
