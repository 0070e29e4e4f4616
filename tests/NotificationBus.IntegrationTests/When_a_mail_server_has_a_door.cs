using NotificationBus.Channels.Email;
using NotificationBus.Channels.Email.Providers;
using NotificationBus.IntegrationTests.Servers;
using NotificationBus.Providers;

namespace NotificationBus.IntegrationTests;

/// <summary>Against a server that others have written, which encrypts and wants a password.</summary>
public sealed class When_a_mail_server_has_a_door(When_a_mail_server_has_a_door.Doors doors)
    : IClassFixture<When_a_mail_server_has_a_door.Doors>,
        IAsyncDisposable
{
    const string User = "shop";
    const string Password = "pass wörd = \"1\"";

    readonly List<IAsyncDisposable> _opened = [];

    public static TheoryData<SmtpSecurity> Encrypted => [SmtpSecurity.StartTls, SmtpSecurity.ImplicitTls];

    /// <summary>What would be a second header, a second recipient or a second mail, if it were written as it is.</summary>
    public static TheoryData<string> Breaks =>
        [
            "a\r\nBcc: <victim@example.org>",
            "a\nBcc: <victim@example.org>",
            "a\rBcc: <victim@example.org>",
            "a>\r\nRCPT TO:<victim@example.org>",
            "a\r\n\r\n.\r\nMAIL FROM:<thief@example.org>\r\nRCPT TO:<victim@example.org>\r\nDATA\r\n",
            "a\0b",
        ];

    /// <summary>What only looks like it, is allowed, and has to arrive as it is.</summary>
    public static TheoryData<string> LookLikeBreaks =>
        [
            "=?utf-8?Q?a=0D=0ABcc:_victim@example.org?=",
            "=?utf-8?Q?a=0D=0Ab:?=",
            "=?utf-8?B?YQ0KQmNjOiB2aWN0aW1AZXhhbXBsZS5vcmc=?=",
            "a%0d%0aBcc: victim@example.org",
            @"a\r\nBcc: victim@example.org",
            "a\" <victim@example.org>, \"b",
            "<victim@example.org>",
        ];

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    static Delivery ADelivery { get; } =
        new()
        {
            NotificationId = Guid.Parse("11111111-1111-1111-1111-111111111111"),
            Id = Guid.Parse("22222222-2222-2222-2222-222222222222"),
            Channel = "email",
            Address = "som@example.net",
            RecipientName = "สมชาย ใจดี",
            Category = "order-shipped",
            Content = new EmailContent(
                "คำสั่งซื้อ 4711: กำลังเดินทาง",
                "<p>ชามเซรามิก &amp; ถ้วย</p>",
                "A bowl\n.\n..\nBlue & white = 1\n"
            ),
        };

    public async ValueTask DisposeAsync()
    {
        foreach (var opened in Enumerable.Reverse(_opened))
            await opened.DisposeAsync();
    }

    [Theory, MemberData(nameof(Encrypted))]
    public async Task Should_bring_the_mail_as_it_was_composed(SmtpSecurity security)
    {
        var server = await doors.Open(security);

        (await Provider(server, security).Send(ADelivery, Cancellation))
            .ShouldBeOfType<ProviderResult.Accepted>()
            .ProviderMessageId.ShouldBe("Ok: queued as 1");

        var mail = (await server.Mails()).ShouldHaveSingleItem();
        var content = (EmailContent)ADelivery.Content;
        (mail.From, mail.MessageId).ShouldBe(("shop@example.com", $"<{ADelivery.Id:N}@example.com>"));
        mail.To.ShouldBe(["som@example.net"]);
        mail.Headers.Keys.ShouldBe(
            ["date", "from", "to", "message-id", "subject", "mime-version", "auto-submitted", "content-type"],
            ignoreOrder: true
        );
        (mail.Subject, mail.Html.TrimEnd('\n'), mail.Text.TrimEnd('\n')).ShouldBe(
            (content.Subject, content.Html, content.Text.TrimEnd('\n'))
        );
    }

    [Theory, MemberData(nameof(Encrypted))]
    public async Task Should_send_nothing_to_a_server_nobody_vouches_for(SmtpSecurity security)
    {
        using var foreigner = new PrivateAuthority();
        await using var server = await Doors.Start(security, foreigner.Issue());

        (await Provider(server, security).Send(ADelivery, Cancellation))
            .ShouldBeOfType<ProviderResult.Misconfigured>()
            .Reason.ShouldContain("certificate");

        (await server.Count()).ShouldBe(0);
    }

    [Theory]
    [InlineData(User, "wrong")]
    [InlineData("somebody", Password)]
    [InlineData(User + "\r\nMAIL FROM:<thief@example.org>", Password)]
    [InlineData(User, Password + "\r\nMAIL FROM:<thief@example.org>")]
    public async Task Should_not_get_in_with_another_name_or_password(string user, string password)
    {
        var server = await doors.Open(SmtpSecurity.StartTls);

        var result = await Provider(server, SmtpSecurity.StartTls, options => (options.Username, options.Password) = (user, password))
            .Send(ADelivery, Cancellation);

        result
            .ShouldBeOfType<ProviderResult.Misconfigured>()
            .Reason.ShouldMatch("AUTH: the server answered 5[0-9]{2}; check Username and Password$");
        (await server.Count()).ShouldBe(0);
    }

    [Theory, MemberData(nameof(Breaks))]
    public async Task Should_write_nothing_of_a_value_that_breaks_out(string value)
    {
        var server = await doors.Open(SmtpSecurity.StartTls);
        var content = (EmailContent)ADelivery.Content;
        (Delivery Delivery, Action<SmtpOptions> Change)[] attempts =
        [
            (ADelivery with { Address = value }, _ => { }),
            (ADelivery with { Address = $"{value}@example.net" }, _ => { }),
            (ADelivery with { Address = $"\"{value}\"@example.net" }, _ => { }),
            (ADelivery with { Address = $"som@example.net{value}" }, _ => { }),
            (ADelivery with { Content = content with { Subject = value } }, _ => { }),
            (ADelivery, options => options.From = $"{value}@example.com"),
            (ADelivery, options => options.From = $"shop@example.com{value}"),
            (ADelivery, options => options.FromName = value),
            (ADelivery, options => options.MessageIdDomain = value),
        ];

        foreach (var (delivery, change) in attempts)
            (await Provider(server, SmtpSecurity.StartTls, change).Send(delivery, Cancellation)).ShouldBeOfType<ProviderResult.Rejected>();
        (await server.Count()).ShouldBe(0);

        // A name only decorates, and is left out. A URL and a body may hold anything, and hold it to themselves.
        var rest = ADelivery with
        {
            RecipientName = value,
            UnsubscribeUrl = new Uri($"https://notify.example.com/{value}"),
            Content = content with { Html = $"<p>{value}</p>", Text = $"{value}\r\n.\r\n{value}\n.\n{value}\r.\r{value}" },
        };
        (await Provider(server, SmtpSecurity.StartTls).Send(rest, Cancellation)).ShouldBeOfType<ProviderResult.Accepted>();
        await ShouldHaveOne(server, "list-unsubscribe", "list-unsubscribe-post");
    }

    [Theory, MemberData(nameof(LookLikeBreaks))]
    public async Task Should_take_a_value_for_no_more_than_a_value(string value)
    {
        var server = await doors.Open(SmtpSecurity.ImplicitTls);

        var delivery = ADelivery with { RecipientName = value, Content = (EmailContent)ADelivery.Content with { Subject = value } };
        (
            await Provider(server, SmtpSecurity.ImplicitTls, options => options.FromName = value).Send(delivery, Cancellation)
        ).ShouldBeOfType<ProviderResult.Accepted>();

        (await ShouldHaveOne(server)).Subject.ShouldBe(value);
    }

    static async Task<Mail> ShouldHaveOne(MailServer server, params string[] headers)
    {
        var mail = (await server.Mails()).ShouldHaveSingleItem();
        (mail.From, mail.To.ShouldHaveSingleItem()).ShouldBe(("shop@example.com", "som@example.net"));
        mail.Headers.Keys.ShouldBe(
            ["date", "from", "to", "message-id", "subject", "mime-version", "auto-submitted", "content-type", .. headers],
            ignoreOrder: true
        );
        return mail;
    }

    SmtpEmailProvider Provider(MailServer server, SmtpSecurity security, Action<SmtpOptions>? change = null)
    {
        var options = new SmtpOptions
        {
            Host = "127.0.0.1",
            Port = server.Port,
            Security = security,
            TrustedCertificate = doors.Authority.PemFile,
            Username = User,
            Password = Password,
            From = "shop@example.com",
            FromName = "The Shop",
        };
        change?.Invoke(options);
        var provider = new SmtpEmailProvider("smtp", options, TimeProvider.System);
        _opened.Add(provider);
        return provider;
    }

    /// <summary>A server for each way to encrypt, and whoever vouches for both.</summary>
    public sealed class Doors : IAsyncDisposable
    {
        readonly Dictionary<SmtpSecurity, MailServer> _servers = [];

        internal PrivateAuthority Authority { get; } = new();

        /// <summary>A server that has taken nothing yet.</summary>
        internal async Task<MailServer> Open(SmtpSecurity security)
        {
            if (!_servers.TryGetValue(security, out var server))
                _servers[security] = server = await Start(security, Authority.Issue());

            await server.Forget();
            return server;
        }

        internal static Task<MailServer> Start(SmtpSecurity security, ServerCertificate certificate) =>
            MailServer.Start(door: new MailServerDoor(certificate, security == SmtpSecurity.ImplicitTls, User, Password));

        public async ValueTask DisposeAsync()
        {
            foreach (var server in _servers.Values)
                await server.DisposeAsync();
            Authority.Dispose();
        }
    }
}
