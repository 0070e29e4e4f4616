using System.Security.Cryptography;
using System.Text;
using MimeKit;
using MimeKit.Cryptography;
using NotificationBus.Channels.Email.Providers;
using NotificationBus.Providers;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.OpenSsl;
using Org.BouncyCastle.Security;

namespace NotificationBus.Tests.Channels.Email;

/// <summary>RFC 6376: whoever has the mail can tell that the domain's owner has sent it, and that nobody has changed it since.</summary>
public sealed class When_mails_are_signed : With_a_scripted_server
{
    static readonly Delivery Difficult = ADelivery(
        "คำสั่งซื้อของคุณกำลังเดินทางไปหาคุณแล้ว กรุณาเตรียมรับพัสดุ",
        ".\r\n..\r\nends with spaces  \r\n\r\n\r\n",
        "<p>ชามเซรามิก</p>"
    ) with
    {
        RecipientName = "O'Hara \"S\"",
        UnsubscribeUrl = new Uri($"https://notify.example.com/v1/unsubscribe/{new string('A', 66)}"),
    };

    public static TheoryData<string> Algorithms => ["rsa", "ed25519"];

    [Theory, MemberData(nameof(Algorithms))]
    public async Task Should_be_proved_by_the_key_in_the_DNS(string algorithm)
    {
        var (key, published) = Keys(algorithm);

        (await Provider(Signing(key)).Send(Difficult, Cancellation)).ShouldBeOfType<ProviderResult.Accepted>();

        (await IsProved(Received(), published)).ShouldBeTrue();
    }

    [Theory]
    [InlineData("From: The Shop", "From: Another Shop")]
    [InlineData("/v1/unsubscribe/", "/v1/subscribe/")]
    [InlineData("ends with", "begins with")]
    public async Task Should_not_be_proved_when_somebody_has_changed_them(string written, string instead)
    {
        var (key, published) = Keys("rsa");
        await Provider(Signing(key)).Send(Difficult, Cancellation);

        var mail = Received();
        mail.ShouldContain(written);
        (await IsProved(mail.Replace(written, instead, StringComparison.Ordinal), published)).ShouldBeFalse();
    }

    [Fact]
    public async Task Should_not_be_proved_by_the_key_of_somebody_else()
    {
        await Provider(Signing(Keys("rsa").Key)).Send(Difficult, Cancellation);

        (await IsProved(Received(), Keys("rsa").Published)).ShouldBeFalse();
    }

    /// <summary>A server that takes eight bits, or whose mailbox needs them, gets the octets that were signed.</summary>
    [Fact]
    public async Task Should_be_proved_for_a_mailbox_beyond_ASCII()
    {
        Server.Offers.AddRange(["SMTPUTF8", "BINARYMIME", "CHUNKING", "PIPELINING"]);
        var (key, published) = Keys("rsa");

        (
            await Provider(Signing(key)).Send(Difficult with { Address = "สมชาย@example.net" }, Cancellation)
        ).ShouldBeOfType<ProviderResult.Accepted>();

        (await IsProved(Received(), published)).ShouldBeTrue();
    }

    [Fact]
    public async Task Should_be_signed_with_a_key_in_a_file_and_in_the_same_octets_at_the_same_time()
    {
        var (key, published) = Keys("rsa");
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, key, Cancellation);
        try
        {
            var provider = Provider(options =>
                options.Dkim = new SmtpDkimOptions
                {
                    Domain = "example.com",
                    Selector = "notify",
                    KeyFile = file,
                }
            );
            await provider.Send(Difficult, Cancellation);
            await provider.Send(Difficult, Cancellation);
        }
        finally
        {
            File.Delete(file);
        }

        Server.Mails.Count.ShouldBe(2);
        Server.Mails[0].ShouldBe(Server.Mails[1]);
        (await IsProved(Received(), published)).ShouldBeTrue();
    }

    static Action<SmtpOptions> Signing(string key) =>
        options =>
            options.Dkim = new SmtpDkimOptions
            {
                Domain = "example.com",
                Selector = "notify",
                Key = key,
            };

    static (string Key, AsymmetricKeyParameter Published) Keys(string algorithm)
    {
        if (algorithm == "rsa")
        {
            using var rsa = RSA.Create(2048);
            return (rsa.ExportPkcs8PrivateKeyPem(), DotNetUtilities.GetRsaPublicKey(rsa));
        }

        var key = new Ed25519PrivateKeyParameters(new SecureRandom());
        using var pem = new StringWriter();
        using (var writer = new PemWriter(pem))
            writer.WriteObject(new Pkcs8Generator(key));
        return (pem.ToString(), key.GeneratePublicKey());
    }

    // As the server keeps it: without the dots that were only for the way.
    string Received() => string.Join("\r\n", Server.Mails[^1].Split("\r\n").Select(line => line.StartsWith('.') ? line[1..] : line));

    static async Task<bool> IsProved(string mail, AsymmetricKeyParameter published)
    {
        var message = await MimeMessage.LoadAsync(new MemoryStream(Encoding.Latin1.GetBytes(mail)), Cancellation);
        var signature = message.Headers.Where(header => header.Id == HeaderId.DkimSignature).ShouldHaveSingleItem();
        return await new DkimVerifier(new Published(published)).VerifyAsync(message, signature, Cancellation);
    }

    sealed class Published(AsymmetricKeyParameter key) : IDkimPublicKeyLocator
    {
        public AsymmetricKeyParameter LocatePublicKey(
            string methods,
            string domain,
            string selector,
            CancellationToken cancellationToken = default
        ) =>
            (domain, selector) == ("example.com", "notify")
                ? key
                : throw new InvalidOperationException($"no key at {selector}._domainkey.{domain}");

        public Task<AsymmetricKeyParameter> LocatePublicKeyAsync(
            string methods,
            string domain,
            string selector,
            CancellationToken cancellationToken = default
        ) => Task.FromResult(LocatePublicKey(methods, domain, selector, cancellationToken));
    }
}
