using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace NotificationBus.Access;

/// <summary>
/// A key as its holder has it: <c>nb_{application}_{id}_{secret}</c>. The prefix lets scanners of secrets find it, the id lets people talk
/// about it, and the secret is 256 random bits.
/// </summary>
public sealed partial class KeyText
{
    /// <summary>The most characters of a key.</summary>
    public const int MostCharacters = 3 + MostOfApplication + 1 + IdDigits + 1 + SecretDigits;

    const int MostOfApplication = 40;
    const int IdDigits = 16;
    const int SecretDigits = 64;

    readonly string _secret;

    KeyText(string application, string id, string secret)
    {
        (Application, Id, _secret) = (application, id, secret);
    }

    /// <summary>The application it belongs to.</summary>
    public string Application { get; }

    /// <summary>The part that may be known.</summary>
    public string Id { get; }

    /// <summary>Makes a key.</summary>
    /// <param name="application">The application it belongs to.</param>
    /// <param name="id">The id of the key that it replaces; null for a new one.</param>
    public static KeyText New(string application, string? id = null) =>
        new(
            application,
            id ?? RandomNumberGenerator.GetHexString(IdDigits, lowercase: true),
            RandomNumberGenerator.GetHexString(SecretDigits, lowercase: true)
        );

    /// <summary>Reads a key; null when it is none.</summary>
    public static KeyText? Parse(string text) =>
        Form().Match(text) is { Success: true } match
            ? new KeyText(match.Groups["application"].Value, match.Groups["id"].Value, match.Groups["secret"].Value)
            : null;

    /// <summary>Returns the reason why an application cannot be called so; null when it can.</summary>
    public static string? RefuseApplication(string application) =>
        ApplicationForm().IsMatch(application)
            ? null
            : $"must be 1 to {MostOfApplication} small letters, digits and hyphens, and begin with a letter or digit";

    /// <summary>Returns the id of what may be a key; empty when it is none. Whether it is one, its hash says.</summary>
    public static ReadOnlySpan<char> IdOf(ReadOnlySpan<char> text)
    {
        const int IdAt = SecretDigits + 1 + IdDigits;
        return text.Length is > IdAt and <= MostCharacters && text[^(SecretDigits + 1)] == '_' ? text[^IdAt..^(SecretDigits + 1)] : default;
    }

    /// <summary>Hashes what may be a key. A secret of 256 random bits needs no slow hash: nobody tries them all.</summary>
    /// <param name="text">Any text of at most <see cref="MostCharacters"/>.</param>
    /// <param name="hash">Takes 32 bytes.</param>
    public static void Hash(ReadOnlySpan<char> text, Span<byte> hash)
    {
        Span<byte> octets = stackalloc byte[MostCharacters];
        SHA256.HashData(octets[..Encoding.ASCII.GetBytes(text, octets)], hash);
    }

    /// <summary>The hash of it.</summary>
    public byte[] Hash()
    {
        var hash = new byte[SHA256.HashSizeInBytes];
        Hash(Reveal(), hash);
        return hash;
    }

    /// <summary>The key itself, which is shown once, to whoever asked for it.</summary>
    public string Reveal() => $"nb_{Application}_{Id}_{_secret}";

    /// <summary>Without the secret, should it come into a log.</summary>
    public override string ToString() => $"nb_{Application}_{Id}_…";

    [GeneratedRegex(
        "^nb_(?<application>[a-z0-9][a-z0-9-]{0,39})_(?<id>[0-9a-f]{16})_(?<secret>[0-9a-f]{64})\\z",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking
    )]
    private static partial Regex Form();

    [GeneratedRegex("^[a-z0-9][a-z0-9-]{0,39}\\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex ApplicationForm();
}
