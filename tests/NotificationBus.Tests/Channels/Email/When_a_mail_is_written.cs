using System.Text;
using System.Text.RegularExpressions;
using NotificationBus.Channels.Email;
using NotificationBus.Channels.Email.Providers;
using NotificationBus.Channels.Email.Smtp;
using NotificationBus.Providers;

namespace NotificationBus.Tests.Channels.Email;

public sealed partial class When_a_mail_is_written : With_a_scripted_server
{
    const string Thai = "คำสั่งซื้อของคุณกำลังเดินทางไปหาคุณแล้ว กรุณาเตรียมรับพัสดุภายในวันพรุ่งนี้ ขอบคุณที่ใช้บริการกับเรา 🎁";

    [Fact]
    public async Task Should_carry_what_every_mail_must_carry()
    {
        var mail = await Written(ADelivery());

        Headers(mail)
            .ShouldBe([
                "Date: Sat, 14 Mar 2026 09:26:53 +0000",
                "From: The Shop <shop@example.com>",
                "To: Som Chai <som@example.net>",
                "Message-ID: <22222222222222222222222222222222@example.com>",
                "Subject: Your order",
                "MIME-Version: 1.0",
                "Auto-Submitted: auto-generated",
                "Content-Type: multipart/alternative; boundary=\"=_22222222222222222222222222222222\"",
            ]);
        Part(mail, "text/plain").ShouldBe("It is on its way.");
        Part(mail, "text/html").ShouldBe("<p>It is on its way.</p>");
    }

    [Fact]
    public async Task Should_say_where_to_unsubscribe_with_one_click()
    {
        var mail = await Written(
            ADelivery() with
            {
                UnsubscribeUrl = new Uri($"https://notify.example.com/v1/unsubscribe/{new string('A', 66)}"),
            }
        );

        Header(mail, "List-Unsubscribe").ShouldBe($"<https://notify.example.com/v1/unsubscribe/{new string('A', 66)}>");
        Header(mail, "List-Unsubscribe-Post").ShouldBe("List-Unsubscribe=One-Click");
        mail.ShouldContain("List-Unsubscribe:\r\n <https://");
    }

    [Theory]
    [InlineData("https://a.example/x\r\nBcc: v@example.org")]
    [InlineData("https://a.example/x\nBcc: v@example.org")]
    [InlineData("https://a.example/x%0d%0aBcc: v@example.org")]
    [InlineData("https://a.example/x>\r\n\r\nbody")]
    [InlineData("https://a.example/x>, <mailto:v@example.org")]
    [InlineData("https://a.example/ไทย?ไทย#ไทย")]
    [InlineData("https://a.example/\0")]
    public async Task Should_keep_a_link_within_its_header(string url)
    {
        var mail = await Written(ADelivery() with { UnsubscribeUrl = new Uri(url) });

        Headers(mail).Length.ShouldBe(Headers(await Written(ADelivery())).Length + 2);
        Header(mail, "List-Unsubscribe").ShouldMatch("^<https://a.example/[^<> ]*>$");
        mail.ShouldAllBe(character => character < 128);
    }

    [Fact]
    public async Task Should_not_write_an_empty_encoded_word()
    {
        var mail = await Written(ADelivery(subject: ""));

        Header(mail, "Subject").ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_have_the_same_name_on_every_try()
    {
        var first = await Written(ADelivery());
        Clock.Advance(TimeSpan.FromMinutes(10));
        var second = await Written(ADelivery());

        Header(second, "Message-ID").ShouldBe(Header(first, "Message-ID"));
        Header(second, "Date").ShouldNotBe(Header(first, "Date"), StringComparer.Ordinal);
    }

    /// <summary>Whoever compares what came twice finds it equal: no boundary and no name in it is made up.</summary>
    [Fact]
    public async Task Should_be_the_same_octets_at_the_same_time()
    {
        var first = await Written(ADelivery(text: Thai, html: Thai));

        (await Written(ADelivery(text: Thai, html: Thai))).ShouldBe(first);
    }

    [Theory]
    [InlineData(Thai)]
    [InlineData("Café")]
    [InlineData("=?utf-8?B?SGVsbG8=?=")]
    [InlineData("two  spaces and  many more words, so many that they need a second line of the header")]
    [InlineData("many plain words, so many that they need a second line of the header and nothing else than that")]
    [InlineData("averyverylongwordwithoutanyspaceinitwhichcannotbefoldedanywhereatallbecausethereisnospaceinit")]
    [InlineData("tab\there")]
    [InlineData(" before and after ")]
    [InlineData("Café =?utf-8?B?SGVsbG8=?= Café")]
    [InlineData("Käse  und Käse   und sehr viel Käse, so viel, dass eine Zeile nicht genügt: Käse, Käse, Käse, Käse!")]
    [InlineData("")]
    public async Task Should_bring_the_subject_back_as_it_was(string subject)
    {
        var mail = await Written(ADelivery(subject: subject));

        HeaderWords.Decode(Header(mail, "Subject")).ShouldBe(subject);
    }

    [Theory]
    [InlineData("สมชาย ใจดี ผู้มีชื่อยาวมากจนต้องแบ่งออกเป็นหลายบรรทัดในจดหมายฉบับนี้")]
    [InlineData("O'Hara \"S\" \\ <boss@x.org>")]
    [InlineData("=?utf-8?B?RG9l?=")]
    [InlineData("Doe,  John")]
    [InlineData("Zoë (the \"one\"), ltd.")]
    [InlineData("A very long name of plain letters, longer than one line of a mail can hold, to be sure")]
    public async Task Should_bring_the_name_back_as_it_was(string name)
    {
        var mail = await Written(ADelivery() with { RecipientName = name });

        var to = Header(mail, "To");
        to.ShouldEndWith(" <som@example.net>");
        HeaderWords.DecodePhrase(to[..^" <som@example.net>".Length]).ShouldBe(name);
    }

    [Fact]
    public async Task Should_leave_out_a_name_nobody_knows()
    {
        var mail = await Written(ADelivery() with { RecipientName = null });

        Header(mail, "To").ShouldBe("som@example.net");
    }

    [Theory]
    [InlineData("")]
    [InlineData("one line")]
    [InlineData("a line with a space at its end \r\nand = and a tab\t\r\n\r\n")]
    [InlineData(".\r\n..two\r\n.three")]
    [InlineData("bare\nline\rbreaks\n.\nMAIL FROM:<evil@example.org>")]
    [InlineData("Käse für 5 €, immer wieder Käse, so viel Käse, dass eine Zeile nicht genügt: Käse, Käse, Käse, Käse, Käse!")]
    [InlineData(Thai + "\r\n" + Thai)]
    public async Task Should_bring_the_body_back_as_it_was(string text)
    {
        var mail = await Written(ADelivery(text: text));

        Part(mail, "text/plain").ShouldBe(text.ReplaceLineEndings("\r\n"));
    }

    /// <summary>Unmapped: decoded and encoded again by older rules, this domain becomes that of somebody else, strasse.example.</summary>
    [Fact]
    public async Task Should_leave_a_domain_as_it_is_where_the_server_would_take_its_letters()
    {
        Server.Offers.Add("SMTPUTF8");

        var mail = await Written(ADelivery() with { Address = "som@xn--strae-oqa.example" });

        Header(mail, "To").ShouldBe("Som Chai <som@xn--strae-oqa.example>");
        Server.Commands.ShouldContain("RCPT TO:<som@XN--strae-oqa.example>");
        Server.Commands.ShouldNotContain(command => command.Contains("SMTPUTF8", StringComparison.Ordinal));
    }

    /// <summary>Whoever embeds the bus may write mails of their own.</summary>
    [Fact]
    public async Task Should_leave_the_mapping_of_domains_to_the_process()
    {
        await Written(ADelivery() with { Address = "som@xn--strae-oqa.example" });

        MimeKit.MailboxAddress.IdnMapping.ShouldBeOfType<MimeKit.Encodings.Punycode>();
    }

    [Fact]
    public async Task Should_announce_its_size_where_the_server_asks_for_it()
    {
        await Written(ADelivery());

        Server.Commands[1].ShouldBe($"MAIL FROM:<shop@example.com> SIZE={Server.Mails[0].Length}");
    }

    [Fact]
    public async Task Should_not_bother_a_server_that_knows_no_size()
    {
        Server.Offers.Clear();

        await Written(ADelivery());

        Server.Commands[1].ShouldBe("MAIL FROM:<shop@example.com>");
    }

    [Fact]
    public async Task Should_stuff_dots_so_that_no_line_ends_the_message_early()
    {
        await Written(ADelivery(text: "before\r\n.\r\n.after"));

        Server.Mails[0].ShouldContain("before\r\n..\r\n..after");
    }

    [Fact]
    public async Task Should_keep_its_lines_short_and_seven_bit()
    {
        var readable = $"Café {new string('x', 500)} \r\nand spaces at the end  ";
        var mail = await Written(ADelivery(subject: Thai, text: readable, html: $"<p>{Thai}{Thai}</p>") with { RecipientName = Thai });

        mail.ShouldContain("Content-Transfer-Encoding: quoted-printable");
        mail.ShouldContain("Content-Transfer-Encoding: base64");
        mail.Split("\r\n").ShouldAllBe(line => line.Length <= 76);
        // Servers on the way cut them off.
        mail.Split("\r\n").ShouldAllBe(line => !line.EndsWith(' '));
        mail.ShouldAllBe(character => character < 128);
        mail.Replace("\r\n", "", StringComparison.Ordinal).ShouldNotContain('\n');
    }

    async Task<string> Written(Delivery delivery)
    {
        var result = await Provider().Send(delivery, Cancellation);
        result.ShouldBeOfType<ProviderResult.Accepted>();
        return string.Join("\r\n", Server.Mails[^1].Split("\r\n").Select(line => line.StartsWith('.') ? line[1..] : line));
    }

    // What a line ends with and the next begins with is one space (RFC 5322, section 2.2.3).
    static string[] Headers(string mail) => Fold().Replace(mail[..mail.IndexOf("\r\n\r\n", StringComparison.Ordinal)], " ").Split("\r\n");

    static string Header(string mail, string name) =>
        Headers(mail).Single(header => header.StartsWith(name + ":", StringComparison.Ordinal))[(name.Length + 1)..] is [' ', .. var value]
            ? value
            : "";

    static string Part(string mail, string type)
    {
        var part = mail.Split("--=_22222222222222222222222222222222")
            .Single(part => part.Contains($"Content-Type: {type}; charset=utf-8\r\n", StringComparison.Ordinal));
        var split = part.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        var body = part[(split + 4)..^2];
        return part[..split].Contains("base64", StringComparison.Ordinal)
            ? HeaderWords.Strict.GetString(Convert.FromBase64String(body))
            : HeaderWords.Strict.GetString(
                Encoding.Latin1.GetBytes(HeaderWords.Unhex(body.Replace("=\r\n", "", StringComparison.Ordinal)))
            );
    }

    [GeneratedRegex(@"\r\n[ \t]", RegexOptions.NonBacktracking)]
    private static partial Regex Fold();
}

public sealed class When_a_value_would_start_another_header : With_a_scripted_server
{
    public static TheoryData<string> Breaks => ["a\r\nBcc: v@example.org", "a\nb", "a\rb", "a\0b"];

    [Theory, MemberData(nameof(Breaks))]
    public Task Should_refuse_the_subject(string value) => Refuses(ADelivery(subject: value));

    /// <summary>C: what only decorates costs no mail.</summary>
    [Theory, MemberData(nameof(Breaks))]
    public async Task Should_leave_out_the_name(string value)
    {
        (await Provider().Send(ADelivery() with { RecipientName = value }, Cancellation)).ShouldBeOfType<ProviderResult.Accepted>();

        Server.Mails.ShouldHaveSingleItem().ShouldContain("\r\nTo: som@example.net\r\n");
    }

    [Theory, MemberData(nameof(Breaks))]
    public Task Should_refuse_the_senders_name(string value) => Refuses(ADelivery(), options => options.FromName = value);

    [Theory, MemberData(nameof(Breaks))]
    public Task Should_refuse_the_senders_mailbox(string value) => Refuses(ADelivery(), options => options.From = value + "@example.com");

    [Theory, MemberData(nameof(Breaks))]
    public Task Should_refuse_the_domain_of_the_name(string value) => Refuses(ADelivery(), options => options.MessageIdDomain = value);

    [Theory]
    [InlineData("\"a\r\nRCPT TO:<x>\"@b.c")]
    [InlineData("som@example.net>\r\nRCPT TO:<v@example.org")]
    [InlineData("som@example.net\n")]
    [InlineData("som@example.net\0")]
    [InlineData("som@example.net> SIZE=1")]
    public async Task Should_refuse_the_mailbox_for_good(string address)
    {
        var result = await Refuses(ADelivery() with { Address = address });

        result.AddressIsWrong.ShouldBeTrue();
    }

    /// <summary>Mutant: the last fence before the wire, when whoever calls has refused nothing.</summary>
    [Theory]
    [InlineData("som@example.net>\r\nRCPT TO:<v@example.org")]
    [InlineData("som@example.net>\nDATA\n<")]
    [InlineData("som@example.net\r")]
    [InlineData("som@example.net\0")]
    public async Task Should_not_get_over_the_last_fence(string address)
    {
        var options = new SmtpOptions
        {
            Host = "127.0.0.1",
            Port = Server.Port,
            Security = SmtpSecurity.None,
            From = "shop@example.com",
        };
        using var patience = new SmtpPatience(options, Clock, Clock.GetTimestamp(), Cancellation);
        using var connection = await SmtpConnection.Open(options, trusted: null, Clock, patience);
        var from = MimeMail.Mailbox(null, options.From);

        await Should.ThrowAsync<ArgumentException>(() =>
        {
            var to = MimeMail.Mailbox(null, address);
            return connection.Send(new Mail(MimeMail.Compose(ADelivery(), "example.com", from, to, Clock.GetUtcNow()), from, to), patience);
        });

        Server.Commands.ShouldAllBe(command =>
            command.StartsWith("EHLO", StringComparison.Ordinal) || command.StartsWith("MAIL", StringComparison.Ordinal)
        );
        Server.Mails.ShouldBeEmpty();
    }

    async Task<ProviderResult.Rejected> Refuses(Delivery delivery, Action<SmtpOptions>? change = null)
    {
        var result = await Provider(change).Send(delivery, Cancellation);

        Server.Connections.ShouldBe(0);
        return result.ShouldBeOfType<ProviderResult.Rejected>();
    }
}
