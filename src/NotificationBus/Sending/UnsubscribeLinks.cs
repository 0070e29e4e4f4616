using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using NotificationBus.Contracts;
using NotificationBus.Planning;

namespace NotificationBus.Sending;

/// <summary>
/// Writes and reads the links with which a recipient unsubscribes from one category on one channel. A link holds two ids and a signature,
/// and nothing about the person. It does not run out by itself, but works only as long as its notification is on record: with
/// <c>Retention:Notifications</c> that ends, and the law of some countries wants a link to work for 30 days and longer.
/// </summary>
public sealed class UnsubscribeLinks(PlanningRules planning, IOptions<UnsubscribeOptions> options)
{
    const byte Version = 1;
    const int IdLength = 16;
    const int SignedLength = 1 + 2 * IdLength;

    // Half of the hash (RFC 2104 section 5): as hard to guess, and shorter in the header.
    const int SignatureLength = 16;

    // What is asked for by the caller, and goes to many.
    const string Announcement = "announcement";

    // The first signs. Without a key everybody could write tokens.
    readonly byte[][] _keys = string.IsNullOrEmpty(options.Value.Key)
        ? []
        : [.. options.Value.EarlierKeys.Prepend(options.Value.Key).Select(Encoding.UTF8.GetBytes)];

    /// <summary>The link for a delivery; null when its category has none.</summary>
    public Uri? Of(SendDelivery command) =>
        options.Value.PublicUrl is { } publicUrl && (planning.RuleOf(command.Category).Unsubscribe ?? command.Category == Announcement)
            ? PublicAddress.Of(publicUrl, $"/v1/unsubscribe/{Token(command.NotificationId, command.DeliveryId)}")
            : null;

    /// <summary>The delivery a token was written for; null when it is none of ours.</summary>
    public (Guid NotificationId, Guid DeliveryId)? Read(string token)
    {
        Span<byte> bytes = stackalloc byte[SignedLength + SignatureLength];
        if (
            token.Length != Base64Url.GetEncodedLength(bytes.Length)
            || !Base64Url.IsValid(token)
            || !Base64Url.TryDecodeFromChars(token, bytes, out _)
            || bytes[0] != Version
            || !IsSigned(bytes[..SignedLength], bytes[SignedLength..])
        )
        {
            return null;
        }

        return (new Guid(bytes.Slice(1, IdLength), bigEndian: true), new Guid(bytes.Slice(1 + IdLength, IdLength), bigEndian: true));
    }

    string Token(Guid notificationId, Guid deliveryId)
    {
        Span<byte> bytes = stackalloc byte[SignedLength + SignatureLength];
        bytes[0] = Version;
        notificationId.TryWriteBytes(bytes[1..], bigEndian: true, out _);
        deliveryId.TryWriteBytes(bytes[(1 + IdLength)..], bigEndian: true, out _);
        Sign(_keys[0], bytes[..SignedLength]).CopyTo(bytes[SignedLength..]);
        return Base64Url.EncodeToString(bytes);
    }

    bool IsSigned(ReadOnlySpan<byte> signed, ReadOnlySpan<byte> signature)
    {
        var isSigned = false;
        foreach (var key in _keys)
            isSigned |= CryptographicOperations.FixedTimeEquals(signature, Sign(key, signed));
        return isSigned;
    }

    static ReadOnlySpan<byte> Sign(byte[] key, ReadOnlySpan<byte> signed) => HMACSHA256.HashData(key, signed).AsSpan(0, SignatureLength);
}
