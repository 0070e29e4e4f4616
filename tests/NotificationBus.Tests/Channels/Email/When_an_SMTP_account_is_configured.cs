using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using NotificationBus.Channels;
using NotificationBus.Channels.Email.Providers;
using NotificationBus.Providers;

namespace NotificationBus.Tests.Channels.Email;

public sealed class When_an_SMTP_account_is_configured
{
    [Fact]
    public void Should_need_a_host_and_a_sender_only() => Complaints(_ => { }).ShouldBeEmpty();

    [Fact]
    public void Should_take_an_empty_value_for_none() =>
        Complaints(options =>
                (options.Username, options.Password, options.FromName, options.MessageIdDomain, options.TrustedCertificate) = (
                    "",
                    "",
                    "",
                    "",
                    ""
                )
            )
            .ShouldBeEmpty();

    [Fact]
    public void Should_use_the_port_that_belongs_to_the_security()
    {
        new SmtpOptions().EffectivePort.ShouldBe(587);
        new SmtpOptions { Security = SmtpSecurity.ImplicitTls }.EffectivePort.ShouldBe(465);
        new SmtpOptions { Security = SmtpSecurity.None }.EffectivePort.ShouldBe(25);
    }

    [Theory]
    [InlineData("localhost")]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public void Should_allow_plain_text_on_this_machine(string host) =>
        Complaints(options =>
            {
                options.Host = host;
                options.Security = SmtpSecurity.None;
                options.Username = "shop";
                options.Password = "hunter2";
            })
            .ShouldBeEmpty();

    [Fact]
    public void Should_allow_plain_text_to_a_mail_catcher_when_asked() =>
        Complaints(options =>
            {
                options.Security = SmtpSecurity.None;
                options.AllowPlaintext = true;
            })
            .ShouldBeEmpty();

    public static TheoryData<string, Action<SmtpOptions>> Wrong =>
        new()
        {
            { "Host", options => options.Host = "" },
            { "Host", options => options.Host = "smtp://mail.example.com" },
            { "Port", options => options.Port = 0 },
            { "Port,Security", options => options.Port = 465 },
            { "Port,Security", options => (options.Port, options.Security) = (587, SmtpSecurity.ImplicitTls) },
            { "Security", options => options.Security = (SmtpSecurity)7 },
            { "Security", options => options.Security = SmtpSecurity.None },
            { "Security", options => (options.Security, options.Host) = (SmtpSecurity.None, "localhost.example.com") },
            { "Security", options => (options.Security, options.Host) = (SmtpSecurity.None, "128.0.0.1") },
            {
                "Security,Username",
                options =>
                    (options.Security, options.AllowPlaintext, options.Username, options.Password) = (
                        SmtpSecurity.None,
                        true,
                        "shop",
                        "hunter2"
                    )
            },
            { "Username,Password", options => options.Username = "shop" },
            { "Username,Password", options => options.Password = "hunter2" },
            { "Username,Password", options => (options.Username, options.Password) = ("shop", "hunter2\0") },
            { "From", options => options.From = "" },
            { "From", options => options.From = "The Shop <shop@example.com>" },
            { "FromName", options => options.FromName = "Shop\r\nBcc: v@example.org" },
            { "MessageIdDomain", options => options.MessageIdDomain = "not a domain" },
            { "Timeout", options => options.Timeout = TimeSpan.Zero },
            { "FinalDotTimeout", options => options.FinalDotTimeout = TimeSpan.FromSeconds(59) },
            { "MaxConnections", options => options.MaxConnections = 0 },
            { "TrustedCertificate", options => options.TrustedCertificate = "no-such-file.pem" },
            { "Dkim:Domain", options => options.Dkim = Dkim(dkim => dkim.Domain = "") },
            { "Dkim:Domain", options => options.Dkim = Dkim(dkim => dkim.Domain = "not a domain") },
            { "Dkim:Selector", options => options.Dkim = Dkim(dkim => dkim.Selector = "") },
            { "Dkim:Selector", options => options.Dkim = Dkim(dkim => dkim.Selector = "a; d=example.org") },
            { "Dkim:KeyFile", options => options.Dkim = Dkim(dkim => dkim.Key = "") },
            { "Dkim:KeyFile", options => options.Dkim = Dkim(dkim => (dkim.Key, dkim.KeyFile) = (null, "no-such-file.pem")) },
            { "Dkim:Key", options => options.Dkim = Dkim(dkim => dkim.Key = "hunter2") },
            {
                "Dkim:Key",
                options => options.Dkim = Dkim(dkim => dkim.Key = "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n")
            },
            { "Dkim:Key", options => options.Dkim = Dkim(dkim => dkim.Key = Rsa(bits: 512)) },
            { "Dkim:Key", options => options.Dkim = Dkim(dkim => dkim.Key = Public()) },
        };

    [Fact]
    public void Should_take_a_key_to_sign_with_and_an_empty_value_for_none()
    {
        Complaints(options => options.Dkim = Dkim(_ => { })).ShouldBeEmpty();
        Complaints(options => options.Dkim = new SmtpDkimOptions { Key = "", KeyFile = "" }).ShouldBeEmpty();
    }

    static SmtpDkimOptions Dkim(Action<SmtpDkimOptions> change)
    {
        var dkim = new SmtpDkimOptions
        {
            Domain = "example.com",
            Selector = "notify",
            Key = Rsa(bits: 1024),
        };
        change(dkim);
        return dkim;
    }

    static string Rsa(int bits)
    {
        using var rsa = RSA.Create(bits);
        return rsa.ExportPkcs8PrivateKeyPem();
    }

    static string Public()
    {
        using var rsa = RSA.Create(1024);
        return rsa.ExportSubjectPublicKeyInfoPem();
    }

    [Theory, MemberData(nameof(Wrong))]
    public void Should_name_the_key_that_is_wrong_and_no_secret(string keys, Action<SmtpOptions> change)
    {
        var complaint = Complaints(change).ShouldHaveSingleItem();

        string.Join(',', complaint.MemberNames).ShouldBe(keys);
        complaint.ErrorMessage!.ShouldNotContain("hunter2");
    }

    [Fact]
    public void Should_name_both_the_port_and_the_security_when_they_do_not_fit() =>
        Complaints(options => options.Port = 465)
            .ShouldHaveSingleItem()
            .ErrorMessage.ShouldBe(
                "Port 465 speaks TLS from the first byte, but Security is StartTls: use ImplicitTls, or port 587 with StartTls"
            );

    [Fact]
    public async Task Should_be_made_from_its_section()
    {
        await using var services = Services(("Providers:relay:Host", "smtp.example.com"), ("Providers:relay:From", "shop@example.com"));
        var smtp = services.GetServices<ProviderType>().Single(type => type.Name is "smtp");

        var provider = smtp.Create(services, "relay").ShouldBeOfType<SmtpEmailProvider>();

        provider.Name.ShouldBe("relay");
        provider.Channel.ShouldBe("email");
        await provider.DisposeAsync();
    }

    [Fact]
    public async Task Should_stop_at_once_with_the_whole_name_of_the_key()
    {
        await using var services = Services(("Providers:relay:Host", "smtp.example.com"));
        var smtp = services.GetServices<ProviderType>().Single(type => type.Name is "smtp");

        Should
            .Throw<OptionsValidationException>(() => smtp.Create(services, "relay"))
            .Message.ShouldBe("Providers:relay:From: must be set to the mailbox that sends, such as shop@example.com");
    }

    static List<ValidationResult> Complaints(Action<SmtpOptions> change)
    {
        var options = new SmtpOptions { Host = "smtp.example.com", From = "shop@example.com" };
        change(options);
        var complaints = new List<ValidationResult>();
        Validator.TryValidateObject(options, new ValidationContext(options), complaints, validateAllProperties: true);
        return complaints;
    }

    static ServiceProvider Services(params (string Key, string Value)[] settings) =>
        new ServiceCollection()
            .AddSingleton<IConfiguration>(
                new ConfigurationBuilder()
                    .AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value)))
                    .Build()
            )
            .AddSingleton(TimeProvider.System)
            .AddChannels()
            .BuildServiceProvider();
}
