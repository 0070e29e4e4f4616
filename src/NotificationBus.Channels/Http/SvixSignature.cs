using System.Security.Cryptography;
using System.Text;
using NotificationBus.Receipts;

namespace NotificationBus.Channels.Http;

/// <summary>
/// The scheme of vendors whose webhooks Svix sends: HMAC-SHA256 over id, time and body, in the header <c>svix-signature</c>. Source:
/// docs.svix.com/receiving/verifying-payloads/how-manual.
/// </summary>
static class SvixSignature
{
    /// <summary>The prefix of a secret.</summary>
    public const string Prefix = "whsec_";

    /// <summary>The key in a secret, with its prefix or without; null when it is none.</summary>
    public static byte[]? KeyOf(string secret) =>
        ReceiptCheck.FromBase64(secret.StartsWith(Prefix, StringComparison.Ordinal) ? secret[Prefix.Length..] : secret)
            is { Length: > 0 } key
            ? key
            : null;

    /// <summary>Checks the header fields alone: null, or why nobody could tell that it is genuine, whatever its body may be.</summary>
    public static string? RefuseUnread(ReceiptRequest head, TimeProvider clock) =>
        head.Header("svix-id") is null || head.Header("svix-timestamp") is not { } timestamp || head.Header("svix-signature") is null
            ? "there is no svix-signature"
        : ReceiptCheck.IsNow(timestamp, clock) ? null
        : "it was signed more than 5 minutes ago, or by a clock that is wrong";

    /// <summary>Checks that it is genuine: null when it is, else why nobody can tell.</summary>
    public static string? Refuse(ReceiptRequest request, IReadOnlyList<string> secrets, TimeProvider clock)
    {
        if (RefuseUnread(request, clock) is { } unproven)
            return unproven;

        var (id, timestamp, signatures) = (request.Header("svix-id"), request.Header("svix-timestamp"), request.Header("svix-signature")!);
        byte[] signed = [.. Encoding.UTF8.GetBytes($"{id}.{timestamp}."), .. request.Body.Span];
        var expected = secrets.Select(KeyOf).OfType<byte[]>().Select(key => HMACSHA256.HashData(key, signed)).ToList();

        // While a secret is changed, Svix signs with both.
        return signatures
            .Split([' ', ','], StringSplitOptions.RemoveEmptyEntries)
            .Select(ReceiptCheck.FromBase64)
            .OfType<byte[]>()
            .Any(given => expected.Exists(one => CryptographicOperations.FixedTimeEquals(given, one)))
            ? null
            : "the signature is wrong: check ReceiptSecret";
    }
}
