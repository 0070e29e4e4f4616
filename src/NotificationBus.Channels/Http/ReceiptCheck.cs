using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using NotificationBus.Receipts;

namespace NotificationBus.Channels.Http;

/// <summary>Checks common to the vendors' signature schemes.</summary>
static class ReceiptCheck
{
    /// <summary>The most by which the vendor's clock and ours may be apart. A signature that is older was kept by somebody.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(5);

    /// <summary>The header field, or null.</summary>
    public static string? Header(this ReceiptRequest request, string name) =>
        request.Headers.TryGetValue(name, out var value) && value.Length > 0 ? value : null;

    /// <summary>True when a moment in seconds since 1970 is now, give or take the tolerance.</summary>
    public static bool IsNow(string? seconds, TimeProvider clock) =>
        long.TryParse(seconds, NumberStyles.None, CultureInfo.InvariantCulture, out var moment)
        && Math.Abs((double)moment - clock.GetUtcNow().ToUnixTimeSeconds()) <= Tolerance.TotalSeconds;

    /// <summary>Says why a receipt is refused without a configured secret.</summary>
    public static string NotSet(string account, string key) =>
        $"Providers:{account}:{key} is not set, so that nobody can tell who has sent this";

    /// <summary>True when two secrets are the same; how long it takes tells nothing of where they differ.</summary>
    public static bool IsSame(string given, string expected) =>
        // Hashed first: the comparison would tell the length.
        CryptographicOperations.FixedTimeEquals(
            SHA256.HashData(Encoding.UTF8.GetBytes(given)),
            SHA256.HashData(Encoding.UTF8.GetBytes(expected))
        );

    /// <summary>True when the header <c>Authorization</c> carries one of the secrets: as a bearer token, or as user and password.</summary>
    /// <param name="request">What was posted.</param>
    /// <param name="secrets">Tokens, and <c>user:password</c> pairs.</param>
    public static bool IsAuthorized(ReceiptRequest request, IReadOnlyList<string> secrets)
    {
        if (request.Header("Authorization")?.Split(' ', 2, StringSplitOptions.TrimEntries) is not [var scheme, var value])
            return false;

        var given =
            scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase) ? value
            : scheme.Equals("Basic", StringComparison.OrdinalIgnoreCase) && FromBase64(value) is { } pair ? Encoding.UTF8.GetString(pair)
            : null;
        return given is not null && secrets.Aggregate(false, (same, secret) => same | IsSame(given, secret));
    }

    /// <summary>The octets, or null when it is no base64.</summary>
    public static byte[]? FromBase64(string? text)
    {
        var octets = new byte[text?.Length ?? 0];
        return text is not null && Convert.TryFromBase64String(text, octets, out var written) ? octets[..written] : null;
    }

    /// <summary>
    /// The values of a setting that may hold several, such as the old key and the new one, separated by spaces or commas.
    /// </summary>
    public static IReadOnlyList<string> Several(string? setting) =>
        (setting ?? "").Split([' ', ',', '\n', '\r', '\t'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>Says that a secret of a vendor that signs nothing could be guessed: it stands for the signature.</summary>
    public static IEnumerable<ValidationResult> MustBeLong(string? secrets)
    {
        if (Several(secrets).Any(secret => secret.Length < 16))
            yield return new ValidationResult("must be at least 16 characters", ["ReceiptSecret"]);
    }

    /// <summary>An id for a report whose vendor gives none: the same report twice has the same.</summary>
    public static string IdOf(params ReadOnlySpan<string?> parts) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', parts!))));
}
