using System.Security.Cryptography;
using System.Text;
using NotificationBus.Channels.Email.Providers;
using NotificationBus.Providers;

namespace NotificationBus.Tests.Channels.Email;

public sealed class When_the_connection_is_encrypted : With_a_scripted_server
{
    [Fact]
    public async Task Should_say_nothing_of_the_mail_before_STARTTLS()
    {
        var certificate = Certificate();
        Server.Certificate = certificate.Certificate;

        var result = await Provider(Trusting(certificate, SmtpSecurity.StartTls)).Send(ADelivery(), Cancellation);

        result.ShouldBeOfType<ProviderResult.Accepted>();
        Server.Commands.Select(command => command.Split(' ')[0]).ShouldBe(["EHLO", "STARTTLS", "EHLO", "MAIL", "RCPT", "DATA"]);
    }

    [Fact]
    public async Task Should_encrypt_from_the_first_byte_with_implicit_TLS()
    {
        var certificate = Certificate();
        Server.Certificate = certificate.Certificate;
        Server.ImplicitTls = true;

        var provider = Provider(Trusting(certificate, SmtpSecurity.ImplicitTls));
        var first = await provider.Send(ADelivery(), Cancellation);
        var second = await provider.Send(ADelivery(), Cancellation);

        first.ShouldBeOfType<ProviderResult.Accepted>();
        second.ShouldBeOfType<ProviderResult.Accepted>();
        Server.Connections.ShouldBe(1);
    }

    [Fact]
    public async Task Should_not_fall_back_to_plain_text()
    {
        var result = await Provider(options => options.Security = SmtpSecurity.StartTls).Send(ADelivery(), Cancellation);

        result.ShouldBeOfType<ProviderResult.Misconfigured>().Reason.ShouldContain("does not offer STARTTLS");
        Server.Commands.ShouldNotContain(command => command.StartsWith("MAIL", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Should_not_go_on_in_plain_text_when_STARTTLS_is_refused()
    {
        var certificate = Certificate();
        Server.Certificate = certificate.Certificate;
        Server.Answer("STARTTLS", "454 4.7.0 TLS not available");

        var result = await Provider(Trusting(certificate, SmtpSecurity.StartTls)).Send(ADelivery(), Cancellation);

        result.ShouldBeOfType<ProviderResult.Unavailable>();
        Server.Commands.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Should_not_listen_to_what_was_slipped_in_before_the_handshake()
    {
        var certificate = Certificate();
        Server.Certificate = certificate.Certificate;
        Server.Answer("STARTTLS", "220 2.0.0 go ahead\r\n250 AUTH PLAIN");

        var result = await Provider(Trusting(certificate, SmtpSecurity.StartTls)).Send(ADelivery(), Cancellation);

        result.ShouldBeOfType<ProviderResult.Unavailable>().Reason.ShouldContain("before the handshake");
    }

    [Fact]
    public async Task Should_refuse_a_certificate_nobody_vouches_for()
    {
        var certificate = Certificate();
        var another = Certificate();
        Server.Certificate = certificate.Certificate;

        var result = await Provider(Trusting(another, SmtpSecurity.StartTls)).Send(ADelivery(), Cancellation);

        result.ShouldBeOfType<ProviderResult.Misconfigured>().Reason.ShouldContain("certificate");
        Server.Commands.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Should_refuse_a_certificate_for_another_name()
    {
        var certificate = Certificate("other.example");
        Server.Certificate = certificate.Certificate;

        var result = await Provider(Trusting(certificate, SmtpSecurity.StartTls)).Send(ADelivery(), Cancellation);

        result.ShouldBeOfType<ProviderResult.Misconfigured>().Reason.ShouldContain("certificate");
    }

    [Fact]
    public async Task Should_trust_only_the_machine_when_told_nothing_else()
    {
        var certificate = Certificate();
        Server.Certificate = certificate.Certificate;

        var result = await Provider(options => options.Security = SmtpSecurity.StartTls).Send(ADelivery(), Cancellation);

        result.ShouldBeOfType<ProviderResult.Misconfigured>().Reason.ShouldContain("certificate");
    }

    static Action<SmtpOptions> Trusting(TestCertificate certificate, SmtpSecurity security) =>
        options =>
        {
            options.Security = security;
            options.TrustedCertificate = certificate.PemFile;
        };
}

public sealed class When_the_server_wants_a_password : With_a_scripted_server
{
    const string Password = "correct horse";

    /// <summary>
    /// Mutant: the SMTP password over plain text to another host. The settings refuse it; here it is too late to trust anybody.
    /// </summary>
    [Fact]
    public async Task Should_say_no_password_in_plain_text_to_another_host()
    {
        Server.Offers.Add("AUTH LOGIN PLAIN");

        // Not the loopback address, and on Linux a way to this machine all the same.
        var result = await Provider(options =>
            {
                SigningIn(options);
                (options.Host, options.AllowPlaintext) = ("0.0.0.0", true);
            })
            .Send(ADelivery(), Cancellation);

        result.ShouldBeOfType<ProviderResult.Misconfigured>().Reason.ShouldContain("only sent over TLS");
        Server.Connections.ShouldBe(1);
        Server.Commands.ShouldHaveSingleItem().ShouldStartWith("EHLO");
    }

    /// <summary>What was offered in plain text anybody on the way could have written (RFC 3207, section 4.2).</summary>
    [Fact]
    public async Task Should_not_believe_after_the_handshake_what_was_offered_before_it()
    {
        var certificate = Certificate();
        Server.Certificate = certificate.Certificate;
        Server.Offers.Add("AUTH PLAIN");
        Server.Hears = command =>
        {
            if (command == "STARTTLS")
                Server.Offers.Remove("AUTH PLAIN");
        };

        var result = await Provider(options =>
            {
                SigningIn(options);
                (options.Security, options.TrustedCertificate) = (SmtpSecurity.StartTls, certificate.PemFile);
            })
            .Send(ADelivery(), Cancellation);

        result.ShouldBeOfType<ProviderResult.Misconfigured>().Reason.ShouldContain("offers neither");
        Server.Commands.ShouldNotContain(command => command.StartsWith("AUTH", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Should_sign_in_with_PLAIN()
    {
        Server.Offers.Add("AUTH PLAIN LOGIN");

        var result = await Provider(SigningIn).Send(ADelivery(), Cancellation);

        result.ShouldBeOfType<ProviderResult.Accepted>();
        Server.Commands[1].ShouldBe($"AUTH PLAIN {Base64($"\0shop\0{Password}")}");
    }

    [Fact]
    public async Task Should_sign_in_with_LOGIN_where_there_is_nothing_else()
    {
        Server.Offers.Add("AUTH LOGIN");
        Server.Answer("AUTH", "334 VXNlcm5hbWU6");
        Server.Answer(Base64("shop").ToUpperInvariant(), "334 UGFzc3dvcmQ6");
        Server.Answer(Base64(Password).ToUpperInvariant(), "235 2.7.0 welcome");

        var result = await Provider(SigningIn).Send(ADelivery(), Cancellation);

        result.ShouldBeOfType<ProviderResult.Accepted>();
        Server.Commands.Skip(1).Take(3).ShouldBe(["AUTH LOGIN", Base64("shop"), Base64(Password)]);
    }

    [Fact]
    public async Task Should_tell_the_operator_and_nobody_the_password()
    {
        Server.Offers.Add("AUTH PLAIN");
        Server.Answer("AUTH", $"535 5.7.8 wrong: AUTH PLAIN {Base64($"\0shop\0{Password}")} {Password}");

        var result = await Provider(SigningIn).Send(ADelivery(), Cancellation);

        result.ShouldBe(
            new ProviderResult.Misconfigured($"127.0.0.1:{Server.Port}: AUTH: the server answered 535 5.7.8; check Username and Password")
        );
    }

    [Fact]
    public async Task Should_say_so_when_the_server_offers_no_way_it_knows()
    {
        Server.Offers.Add("AUTH CRAM-MD5");

        var result = await Provider(SigningIn).Send(ADelivery(), Cancellation);

        result.ShouldBeOfType<ProviderResult.Misconfigured>().Reason.ShouldContain("neither AUTH PLAIN nor AUTH LOGIN");
    }

    /// <summary>
    /// C: the ways that are offered, in order, also over several lines and in the form from before RFC 2554 (<c>AUTH=</c>).
    /// </summary>
    [Theory]
    [InlineData("AUTH LOGIN PLAIN", "LOGIN", "PLAIN")]
    [InlineData("AUTH PLAIN LOGIN", "PLAIN", "LOGIN")]
    [InlineData("auth plain login", "PLAIN", "LOGIN")]
    [InlineData("AUTH GSSAPI  NTLM LOGIN CRAM-MD5", "LOGIN")]
    [InlineData("AUTH=LOGIN PLAIN", "LOGIN", "PLAIN")]
    [InlineData("AUTH=PLAIN", "PLAIN")]
    [InlineData("AUTH NTLM|AUTH PLAIN|AUTH=LOGIN", "PLAIN", "LOGIN")]
    [InlineData("AUTH LOGIN|AUTH=LOGIN PLAIN|AUTH LOGIN", "LOGIN", "PLAIN")]
    public async Task Should_try_the_mechanisms_that_are_offered_in_their_order(string offers, params string[] tried)
    {
        Server.Offers.AddRange(offers.Split('|'));
        Server.Answer("AUTH", "535 5.7.8 not so");

        var result = await Provider(SigningIn).Send(ADelivery(), Cancellation);

        result.ShouldBeOfType<ProviderResult.Misconfigured>().Reason.ShouldContain("535 5.7.8; check Username and Password");
        Server
            .Commands.Where(command => command.StartsWith("AUTH", StringComparison.Ordinal))
            .Select(command => command.Split(' ')[1])
            .ShouldBe(tried);
    }

    /// <summary>C: what is refused in one way may be taken in the next.</summary>
    [Theory]
    [InlineData("535 5.7.8 not so")]
    [InlineData("534 5.7.9 too weak")]
    [InlineData("504 5.5.4 no such mechanism")]
    [InlineData("503 5.5.1 not now")]
    [InlineData("500 what?")]
    public async Task Should_sign_in_the_other_way_when_one_is_refused(string answer)
    {
        Server.Offers.Add("AUTH PLAIN LOGIN");
        Server.Answer("AUTH", answer, "334 VXNlcm5hbWU6");
        Server.Answer(Base64("shop").ToUpperInvariant(), "334 UGFzc3dvcmQ6");
        Server.Answer(Base64(Password).ToUpperInvariant(), "235 2.7.0 welcome");

        var result = await Provider(SigningIn).Send(ADelivery(), Cancellation);

        result.ShouldBeOfType<ProviderResult.Accepted>();
        Server
            .Commands.Skip(1)
            .Take(4)
            .ShouldBe([$"AUTH PLAIN {Base64($"\0shop\0{Password}")}", "AUTH LOGIN", Base64("shop"), Base64(Password)]);
        Server.Connections.ShouldBe(1);
    }

    /// <summary>C: the same when it is refused in the middle of one.</summary>
    [Theory]
    [InlineData("shop")]
    [InlineData(Password)]
    public async Task Should_sign_in_the_other_way_when_one_is_refused_in_the_middle(string refused)
    {
        Server.Offers.Add("AUTH LOGIN PLAIN");
        Server.Answer("AUTH", "334 VXNlcm5hbWU6", "235 2.7.0 welcome");
        Server.Answer(Base64("shop").ToUpperInvariant(), refused == "shop" ? "501 5.5.2 what?" : "334 UGFzc3dvcmQ6");
        Server.Answer(Base64(Password).ToUpperInvariant(), "535 5.7.8 not so");

        (await Provider(SigningIn).Send(ADelivery(), Cancellation)).ShouldBeOfType<ProviderResult.Accepted>();

        Server.Commands.Last(command => command.StartsWith("AUTH", StringComparison.Ordinal)).ShouldStartWith("AUTH PLAIN");
    }

    /// <summary>What it said about the password counts, and not that it would hear no other one, or left.</summary>
    [Theory]
    [InlineData("535 5.7.8 not so", "504 5.5.4 no such mechanism")]
    [InlineData("504 5.5.4 no such mechanism", "535 5.7.8 not so")]
    [InlineData("535 5.7.8 not so", ScriptedSmtpServer.HangUp)]
    public async Task Should_tell_the_operator_of_the_password_that_was_refused(params string[] answers)
    {
        Server.Offers.Add("AUTH PLAIN LOGIN");
        Server.Answer("AUTH", answers);

        var result = await Provider(SigningIn).Send(ADelivery(), Cancellation);

        result.ShouldBeOfType<ProviderResult.Misconfigured>().Reason.ShouldContain("535 5.7.8; check Username and Password");
    }

    /// <summary>
    /// A server that is out of order for a moment has not refused the password: it is not asked in another way, and the account needs no
    /// mending.
    /// </summary>
    [Fact]
    public async Task Should_try_no_other_way_when_the_server_cannot_say_now()
    {
        Server.Offers.Add("AUTH PLAIN LOGIN");
        Server.Answer("AUTH", "454 4.7.0 try again later");

        (await Provider(SigningIn).Send(ADelivery(), Cancellation)).ShouldBeOfType<ProviderResult.Unavailable>();

        Server.Commands.Count(command => command.StartsWith("AUTH", StringComparison.Ordinal)).ShouldBe(1);
    }

    /// <summary>
    /// A server locks out who is wrong too often, and every mail tries again: of all that is offered, one SCRAM and one other way. What the
    /// server does not know after all (504) is no look at the password.
    /// </summary>
    [Theory]
    [InlineData("PLAIN LOGIN SCRAM-SHA-1 SCRAM-SHA-256 SCRAM-SHA-512", "535 5.7.8 not so", "SCRAM-SHA-512", "PLAIN")]
    [InlineData("SCRAM-SHA-1 LOGIN SCRAM-SHA-256 PLAIN", "535 5.7.8 not so", "SCRAM-SHA-256", "LOGIN")]
    [InlineData("SCRAM-SHA-1 PLAIN LOGIN", "550 5.7.0 not so", "SCRAM-SHA-1", "PLAIN")]
    [InlineData("SCRAM-SHA-1 PLAIN LOGIN", "504 5.5.4 no such mechanism", "SCRAM-SHA-1", "PLAIN", "LOGIN")]
    public async Task Should_not_be_wrong_more_than_twice(string offered, string answer, params string[] tried)
    {
        Server.Offers.Add($"AUTH {offered}");
        Server.Answer("AUTH", answer, "535 5.7.8 not so");

        (await Provider(SigningIn).Send(ADelivery(), Cancellation)).ShouldBeOfType<ProviderResult.Misconfigured>();

        Server
            .Commands.Where(command => command.StartsWith("AUTH", StringComparison.Ordinal))
            .Select(command => command.Split(' ')[1])
            .ShouldBe(tried);
    }

    /// <summary>
    /// RFC 5802: the password is proved and not said, so it is tried before the others, wherever it stands; and the server proves that it
    /// knows it too.
    /// </summary>
    [Theory]
    [InlineData(Password, typeof(ProviderResult.Accepted))]
    [InlineData("another password", typeof(ProviderResult.Misconfigured))]
    public async Task Should_prove_the_password_with_SCRAM_where_the_server_can(string known, Type expected)
    {
        Server.Offers.Add("AUTH PLAIN LOGIN SCRAM-SHA-256");
        string? client = null,
            server = null;
        Server.Hears = command =>
        {
            var step = command.Split(' ')[0].ToUpperInvariant();
            if (command.StartsWith("AUTH SCRAM-SHA-256 ", StringComparison.Ordinal))
            {
                client = Text(command.Split(' ')[2])["n,,".Length..];
                server = $"{client[client.IndexOf("r=", StringComparison.Ordinal)..]}of-the-server,s={Base64("salt")},i=4096";
                Server.Answer(step, $"334 {Base64(server)}", "535 5.7.8 not so");
            }
            else if (server is not null && Text(command) is ['c', '=', ..] final)
            {
                Server.Answer(
                    step,
                    Proved(known, client!, server, final) is { } signature ? $"334 {Base64($"v={signature}")}" : "535 5.7.8 not so"
                );
                // What the client says when the server has proved itself.
                Server.Answer("", "235 2.7.0 welcome");
                server = null;
            }
        };

        (await Provider(SigningIn).Send(ADelivery(), Cancellation)).ShouldBeOfType(expected);

        Server.Commands[1].ShouldStartWith("AUTH SCRAM-SHA-256");
        if (known == Password)
            Server.Commands.ShouldAllBe(command => !command.Contains(Base64(Password)) && !command.Contains(Base64($"\0shop\0{Password}")));
    }

    /// <summary>The server's signature, when the client's proof holds for the password (RFC 5802, section 3).</summary>
    static string? Proved(string password, string client, string server, string final)
    {
        var salted = Rfc2898DeriveBytes.Pbkdf2(password, Encoding.UTF8.GetBytes("salt"), 4096, HashAlgorithmName.SHA256, 32);
        var auth = Encoding.UTF8.GetBytes($"{client},{server},{final[..final.IndexOf(",p=", StringComparison.Ordinal)]}");
        var key = HMACSHA256.HashData(salted, Encoding.UTF8.GetBytes("Client Key"));
        var proof = HMACSHA256.HashData(SHA256.HashData(key), auth).Zip(key, (one, other) => (byte)(one ^ other)).ToArray();
        return final.EndsWith($",p={Convert.ToBase64String(proof)}", StringComparison.Ordinal)
            ? Convert.ToBase64String(HMACSHA256.HashData(HMACSHA256.HashData(salted, Encoding.UTF8.GetBytes("Server Key")), auth))
            : null;
    }

    static string Text(string base64) => Encoding.UTF8.GetString(Convert.FromBase64String(base64));

    static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    static void SigningIn(SmtpOptions options)
    {
        options.Username = "shop";
        options.Password = Password;
    }
}
