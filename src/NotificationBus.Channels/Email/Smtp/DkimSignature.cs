using System.Security.Cryptography;
using System.Text;
using MimeKit;
using MimeKit.Cryptography;
using NotificationBus.Channels.Email.Providers;
using NotificationBus.Channels.Http;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Security;

namespace NotificationBus.Channels.Email.Smtp;

/// <summary>Signs mails for a domain (RFC 6376), by RSA or Ed25519 as the key is (RFC 8463).</summary>
sealed class DkimSignature : DkimSigner
{
    /// <summary>RFC 8301, section 3.2: signatures of shorter keys are worth nothing.</summary>
    const int ShortestRsaKey = 1024;

    // All that a reader or a filter goes by. RFC 8058, section 4, wants those of unsubscribing to be among them.
    static readonly IList<string> Signed =
    [
        "From",
        "To",
        "Cc",
        "Reply-To",
        "Date",
        "Message-ID",
        "Subject",
        "List-Unsubscribe",
        "List-Unsubscribe-Post",
        "MIME-Version",
        "Auto-Submitted",
        "Content-Type",
    ];

    readonly TimeProvider _clock;

    DkimSignature(Stream key, SmtpDkimOptions options, TimeProvider clock)
        : base(key, options.Domain, options.Selector)
    {
        _clock = clock;
        SignatureAlgorithm =
            PrivateKey is Ed25519PrivateKeyParameters ? DkimSignatureAlgorithm.Ed25519Sha256 : DkimSignatureAlgorithm.RsaSha256;
        HeaderCanonicalizationAlgorithm = BodyCanonicalizationAlgorithm = DkimCanonicalizationAlgorithm.Relaxed;
    }

    /// <summary>Reads the key; null when there is none that mails can be signed with.</summary>
    public static DkimSignature? Read(SmtpDkimOptions options, TimeProvider clock)
    {
        try
        {
            var pem = string.IsNullOrEmpty(options.Key) ? KeyFile.Read(options.KeyFile) : options.Key;
            using var key = new MemoryStream(Encoding.UTF8.GetBytes(pem ?? ""));
            var signature = new DkimSignature(key, options, clock);
            return
                signature.PrivateKey is Ed25519PrivateKeyParameters or RsaPrivateCrtKeyParameters { Modulus.BitLength: >= ShortestRsaKey }
                ? signature
                : null;
        }
        catch (Exception)
        {
            // What is wrong with a key is said in exceptions of many kinds, and with some of its content.
            return null;
        }
    }

    /// <summary>Adds the signature to a mail that is complete.</summary>
    public void Sign(MimeMessage mail) => Sign(MimeMail.Format, mail, Signed);

    /// <inheritdoc />
    protected override long GetTimestamp() => _clock.GetUtcNow().ToUnixTimeSeconds();

    /// <inheritdoc />
    protected override ISigner CreateSigningContext() =>
        PrivateKey is RsaPrivateCrtKeyParameters key ? new PlatformRsa(DotNetUtilities.ToRSAParameters(key)) : base.CreateSigningContext();

    /// <summary>RSA of the platform, which is faster than that of the library beneath MimeKit.</summary>
    sealed class PlatformRsa(RSAParameters key) : ISigner
    {
        readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

        public string AlgorithmName => "SHA-256withRSA";

        public void Init(bool forSigning, ICipherParameters parameters) { }

        public void Update(byte input) => _hash.AppendData([input]);

        public void BlockUpdate(byte[] input, int inOff, int inLen) => _hash.AppendData(input, inOff, inLen);

        public void BlockUpdate(ReadOnlySpan<byte> input) => _hash.AppendData(input);

        public int GetMaxSignatureSize() => key.Modulus!.Length;

        public byte[] GenerateSignature()
        {
            // An instance is not promised to be used by two at once.
            using var rsa = RSA.Create(key);
            using (_hash)
                return rsa.SignHash(_hash.GetHashAndReset(), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        }

        public bool VerifySignature(byte[] signature) => throw new NotSupportedException();

        public void Reset() => throw new NotSupportedException();
    }
}
