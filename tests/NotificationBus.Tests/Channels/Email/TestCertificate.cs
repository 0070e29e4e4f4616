using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace NotificationBus.Tests.Channels.Email;

/// <summary>A certificate made for this run, and the file a client trusts it by.</summary>
sealed class TestCertificate : IDisposable
{
    public TestCertificate(string? dnsName = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=NotificationBus test server", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        if (dnsName is null)
            names.AddIpAddress(IPAddress.Loopback);
        else
            names.AddDnsName(dnsName);
        request.CertificateExtensions.Add(names.Build());

        var now = TimeProvider.System.GetUtcNow();
        using var made = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        // A key that was never exported cannot serve TLS on every system.
        Certificate = X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), password: null);
        File.WriteAllText(PemFile, made.ExportCertificatePem());
    }

    public X509Certificate2 Certificate { get; }

    public string PemFile { get; } = Path.GetTempFileName();

    public void Dispose()
    {
        Certificate.Dispose();
        File.Delete(PemFile);
    }
}
