using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace NotificationBus.IntegrationTests.Servers;

/// <summary>Vouches for servers of this run, and for nobody else.</summary>
sealed class PrivateAuthority : IDisposable
{
    readonly TemporaryFolder _folder = new();
    readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    readonly DateTimeOffset _from = TimeProvider.System.GetUtcNow().AddDays(-1);
    readonly X509Certificate2 _certificate;

    public PrivateAuthority()
    {
        var request = new CertificateRequest("CN=NotificationBus test authority", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(
            new X509BasicConstraintsExtension(
                certificateAuthority: true,
                hasPathLengthConstraint: true,
                pathLengthConstraint: 0,
                critical: true
            )
        );
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        _certificate = request.CreateSelfSigned(_from, To);
        PemFile = _folder.Write("authority.pem", _certificate.ExportCertificatePem());
    }

    /// <summary>What a client trusts it by.</summary>
    public string PemFile { get; }

    DateTimeOffset To => _from.AddDays(2);

    /// <summary>Issues a certificate for a server on this machine.</summary>
    public ServerCertificate Issue()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=NotificationBus test server", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var issued = request.Create(_certificate, _from, To, RandomNumberGenerator.GetBytes(8));
        return new ServerCertificate(
            _folder.Write($"{issued.SerialNumber}.pem", issued.ExportCertificatePem()),
            _folder.Write($"{issued.SerialNumber}.key", key.ExportPkcs8PrivateKeyPem())
        );
    }

    public void Dispose()
    {
        _certificate.Dispose();
        _key.Dispose();
        _folder.Dispose();
    }
}

/// <summary>PEM files with a certificate and its key.</summary>
sealed record ServerCertificate(string File, string KeyFile);
