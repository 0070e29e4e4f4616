using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using NotificationBus.Model;

namespace NotificationBus.Contents;

/// <summary>
/// Encrypts contents (AES-256-GCM) and hashes them, with the keys of <see cref="ContentsOptions"/>. Without a key they are as they are.
/// With one the hash is keyed as well: of a short text, such as a code, a plain hash would give away what it says.
/// </summary>
public sealed class ContentKeys : IDisposable
{
    const byte Encrypted = 0x80;
    const int NonceLength = 12;
    const int TagLength = 16;

    readonly FrozenDictionary<string, AesGcm> _keys;
    readonly string? _current;
    readonly byte[]? _hashing;

    /// <summary>Reads the keys.</summary>
    /// <exception cref="SettingsException">A key is missing, or is none.</exception>
    public ContentKeys(IOptions<ContentsOptions> options)
    {
        var keys = options.Value.ReadKeys();
        _keys = keys.ToFrozenDictionary(key => key.Key, key => new AesGcm(key.Value, TagLength), StringComparer.Ordinal);
        _current = options.Value.Current;
        if (_current is not null)
            _hashing = HKDF.DeriveKey(HashAlgorithmName.SHA256, keys[_current], 32, info: "notificationbus contents hash"u8.ToArray());
    }

    /// <summary>A hash, keyed when there is a key.</summary>
    public Guid Hash(ReadOnlySpan<byte> bytes)
    {
        if (_hashing is null)
            return DeterministicId.Of(bytes);

        Span<byte> digest = stackalloc byte[32];
        HMACSHA256.HashData(_hashing, bytes, digest);
        return DeterministicId.Of(digest);
    }

    /// <summary>Encrypts when there is a key.</summary>
    /// <param name="version">The version of the form, below 128.</param>
    /// <param name="name">What it belongs to.</param>
    /// <param name="plain">What is encrypted.</param>
    internal (string? KeyId, byte[] Sealed) Seal(byte version, Guid name, ReadOnlySpan<byte> plain)
    {
        if (_current is null)
            return (null, [version, .. plain]);

        var keyId = Encoding.UTF8.GetBytes(_current);
        var head = 2 + keyId.Length;
        var closed = new byte[head + NonceLength + TagLength + plain.Length];
        closed[0] = (byte)(version | Encrypted);
        closed[1] = (byte)keyId.Length;
        keyId.CopyTo(closed.AsSpan(2));
        var nonce = closed.AsSpan(head, NonceLength);
        RandomNumberGenerator.Fill(nonce);
        Span<byte> belongsTo = stackalloc byte[16];
        name.TryWriteBytes(belongsTo, bigEndian: true, out _);
        var aes = _keys[_current];
        lock (aes)
            aes.Encrypt(
                nonce,
                plain,
                closed.AsSpan(head + NonceLength + TagLength),
                closed.AsSpan(head + NonceLength, TagLength),
                belongsTo
            );
        return (_current, closed);
    }

    /// <summary>Decrypts what was encrypted.</summary>
    /// <exception cref="ContentKeyException">The key is not there.</exception>
    /// <exception cref="InvalidDataException">It is not what was encrypted.</exception>
    internal ReadOnlySpan<byte> Open(byte version, Guid name, ReadOnlySpan<byte> body)
    {
        if (body.Length > 0 && body[0] == version)
            return body[1..];
        if (body.Length < 2 || body[0] != (version | Encrypted) || body.Length < 2 + body[1] + NonceLength + TagLength)
            throw new InvalidDataException("contents in no form that is known here");

        var keyId = Encoding.UTF8.GetString(body.Slice(2, body[1]));
        if (!_keys.TryGetValue(keyId, out var aes))
            throw new ContentKeyException(keyId);

        var closed = body[(2 + body[1])..];
        var plain = new byte[closed.Length - NonceLength - TagLength];
        Span<byte> belongsTo = stackalloc byte[16];
        name.TryWriteBytes(belongsTo, bigEndian: true, out _);
        try
        {
            lock (aes)
                aes.Decrypt(
                    closed[..NonceLength],
                    closed[(NonceLength + TagLength)..],
                    closed.Slice(NonceLength, TagLength),
                    plain,
                    belongsTo
                );
        }
        catch (CryptographicException exception)
        {
            throw new InvalidDataException($"contents that key '{keyId}' has not encrypted", exception);
        }

        return plain;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var key in _keys.Values)
            key.Dispose();
    }
}

/// <summary>Contents are encrypted with a key that this host does not have.</summary>
/// <param name="keyId">The key.</param>
public sealed class ContentKeyException(string keyId)
    : InvalidOperationException($"contents are encrypted with the key '{keyId}', which this host does not have (Contents:Keys:{keyId})")
{
    /// <summary>The key.</summary>
    public string KeyId => keyId;
}
