using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace NotificationBus.Channels.Http;

/// <summary>
/// Authorities of a PEM file, trusted in the place of the machine's: a service in the same house often has a certificate of the house.
/// </summary>
public static class TrustedAuthorities
{
    /// <summary>The certificates in the file; null when there is no file, so that the machine's authorities are trusted.</summary>
    /// <param name="file">A PEM file, or nothing.</param>
    public static X509Certificate2Collection? Read(string? file)
    {
        if (string.IsNullOrEmpty(file))
            return null;

        var certificates = new X509Certificate2Collection();
        certificates.ImportFromPemFile(file);
        return certificates;
    }

    /// <summary>False when the file cannot be read, or has no certificate.</summary>
    /// <param name="file">A PEM file, or nothing.</param>
    public static bool CanRead(string? file)
    {
        try
        {
            return Read(file) is not { Count: 0 };
        }
        catch (Exception unusable)
            when (unusable is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            return false;
        }
    }

    /// <summary>Trusts these and nobody else; null where there are none, so that the machine's authorities are trusted.</summary>
    public static X509ChainPolicy? Only(X509Certificate2Collection? trusted)
    {
        if (trusted is null)
            return null;

        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            // A private authority rarely publishes a list of what it revoked.
            RevocationMode = X509RevocationMode.NoCheck,
        };
        policy.CustomTrustStore.AddRange(trusted);
        return policy;
    }
}

/// <summary>Refuses a setting that names no PEM file with certificates.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class PemFileAttribute() : ValidationAttribute("must be a file with at least one certificate in PEM form")
{
    /// <inheritdoc />
    public override bool IsValid(object? value) => TrustedAuthorities.CanRead(value as string);
}
