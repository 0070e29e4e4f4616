using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace NotificationBus.Host.Settings;

/// <summary>
/// Opens the certificates that the server is to show, before it starts: its own words for a wrong password are those of a library.
/// </summary>
static class CertificateCheck
{
    static readonly string[] Keys = ["Path", "KeyPath", "Password", "Subject", "Store", "Location", "AllowInvalid"];

    /// <summary>Opens every certificate that is named with a file.</summary>
    /// <exception cref="SettingsException">One line for each that cannot be used. It never repeats a password.</exception>
    public static void Demand(IConfiguration configuration, TimeProvider clock)
    {
        List<string> errors = [.. Sections(configuration).SelectMany(section => Refuse(section, clock))];
        if (errors.Count > 0)
            throw new SettingsException(string.Join(Environment.NewLine, errors));
    }

    /// <summary>The certificates in the settings: by name, the default one among them, and of single endpoints.</summary>
    public static IEnumerable<IConfigurationSection> Sections(IConfiguration configuration) =>
        configuration
            .GetSection("Kestrel:Certificates")
            .GetChildren()
            .Concat(configuration.GetSection("Kestrel:Endpoints").GetChildren().Select(endpoint => endpoint.GetSection("Certificate")))
            .Where(section => section.Exists());

    /// <summary>Opens a certificate as the server does.</summary>
    public static X509Certificate2 Open(IConfigurationSection section)
    {
        var (path, key, password) = (section["Path"]!, section["KeyPath"], section["Password"]);
        return key is null ? X509CertificateLoader.LoadPkcs12FromFile(path, password)
            : password is null ? X509Certificate2.CreateFromPemFile(path, key)
            : X509Certificate2.CreateFromEncryptedPemFile(path, password, key);
    }

    static IEnumerable<string> Refuse(IConfigurationSection section, TimeProvider clock)
    {
        foreach (var unknown in section.GetChildren().Where(key => !Keys.Contains(key.Key, StringComparer.OrdinalIgnoreCase)))
            yield return SettingsReader.Unknown(unknown.Path, unknown.Key, Keys);
        if (section["Path"] is not { Length: > 0 } path)
        {
            if (section["Subject"] is not { Length: > 0 })
                yield return $"{section.Path}:Path is missing; name a file in PEM with {section.Path}:KeyPath, "
                    + $"or one in PKCS #12 with {section.Path}:Password";
            yield break;
        }

        foreach (var key in (string[])["Path", "KeyPath"])
        {
            if (section[key] is { } file && Missing(file) is { } missing)
                yield return $"{section.Path}:{key}: {missing}";
        }

        if (
            Missing(path) is null
            && (section["KeyPath"] is not { } keyPath || Missing(keyPath) is null)
            && Unusable(section, clock) is { } reason
        )
            yield return reason;
    }

    static string? Missing(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            return null;
        }
        catch (UnauthorizedAccessException)
        {
            return Directory.Exists(path) ? "is a folder; name the file" : "the host may not read that file";
        }
        catch (Exception exception) when (exception is IOException or ArgumentException or NotSupportedException)
        {
            return "there is no such file";
        }
    }

    static string? Unusable(IConfigurationSection section, TimeProvider clock)
    {
        try
        {
            using var certificate = Open(section);
            return !certificate.HasPrivateKey ? $"{section.Path}:KeyPath is missing: the file has no private key"
                : certificate.NotBefore.ToUniversalTime() > clock.GetUtcNow().UtcDateTime
                    ? $"{section.Path}: is not valid before {certificate.NotBefore:yyyy-MM-dd}"
                : null;
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            return section["KeyPath"] is null
                ? $"{section.Path}:Password does not open the file, or it is no PKCS #12 (.pfx); one in PEM needs {section.Path}:KeyPath"
                : $"{section.Path}: the files are no certificate in PEM and its own private "
                    + $"key{(section["Password"] is null ? "" : $", or {section.Path}:Password does not open the key")}";
        }
    }
}

/// <summary>Certificates that callers refuse, or soon will. The host starts all the same: it may have mail to send.</summary>
sealed class OldCertificates(IConfiguration configuration, TimeProvider clock) : IStartWarnings
{
    static readonly TimeSpan Soon = TimeSpan.FromDays(30);

    /// <inheritdoc />
    public Task<IReadOnlyList<string>> Find(bool isProduction, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<string>>([.. Old()]);

    IEnumerable<string> Old()
    {
        var now = clock.GetUtcNow().UtcDateTime;
        foreach (var section in CertificateCheck.Sections(configuration).Where(section => section["Path"] is not null))
        {
            using var certificate = CertificateCheck.Open(section);
            var ends = certificate.NotAfter.ToUniversalTime();
            if (ends <= now)
                yield return $"{section.Path}: the certificate has expired on {ends:yyyy-MM-dd}, and callers refuse it; renew it";
            else if (ends - now < Soon)
                yield return $"{section.Path}: the certificate expires on {ends:yyyy-MM-dd}; renew it";
        }
    }
}
