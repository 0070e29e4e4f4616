using NotificationBus.Channels;
using NotificationBus.Channels.Chat;
using NotificationBus.Channels.Email;
using NotificationBus.Channels.Http;
using NotificationBus.Channels.Push;
using NotificationBus.Channels.Webhook;
using NotificationBus.Tests.Channels.Push;

namespace NotificationBus.Tests.Channels;

/// <summary>
/// C: mailbox that exists is refused, and suppressed under another spelling. The names that must come out are those of Python's idna 3 with
/// UTS #46.
/// </summary>
public sealed class When_a_domain_is_not_in_ASCII
{
    static readonly Browser Firefox = new();

    /// <summary>
    /// What no DNS can be asked for: a label that says it is encoded and is not, one that is longer in ASCII, one too many, and what is no
    /// letter.
    /// </summary>
    public static TheoryData<string> NoNames =>
        [
            "xn--ü.com",
            $"{new string('ü', 59)}.com",
            string.Join('.', Enumerable.Repeat(new string('ü', 20), 40)) + ".com",
            "①.com",
            "ﬁ.com",
            "a😀.com",
            "ü..com",
            "\u0301a.com",
            "ü\u2028.com",
            "ａ\u0345.com",
            "a\u200Db.com",
        ];

    [Theory]
    [InlineData("น้ำ.com", "xn--q3c4c8cq.com")]
    [InlineData("คน.ไทย", "xn--42c6b.xn--o3cw4h")]
    [InlineData("mu\u0308nchen.de", "xn--mnchen-3ya.de")]
    [InlineData("MÜNCHEN.de", "xn--mnchen-3ya.de")]
    [InlineData("straße.de", "xn--strae-oqa.de")]
    [InlineData("ｅxample.com", "example.com")]
    [InlineData("ＥＸＡＭＰＬＥ．com", "example.com")]
    [InlineData("c\u200B.com", "c.com")]
    [InlineData("\u00ADx.com", "x.com")]
    [InlineData("例え。テスト", "xn--r8jz45g.xn--zckzah")]
    [InlineData("παράδειγμα.δοκιμή", "xn--hxajbheg2az3al.xn--jxalpdlp")]
    [InlineData("пример.испытание", "xn--e1afmkfd.xn--80akhbyknj4f")]
    [InlineData("مثال.إختبار", "xn--mgbh0fb.xn--kgbechtv")]
    [InlineData("दिल्ली.भारत", "xn--j2bya4ch0f.xn--h2brj9c")]
    [InlineData("l·l.cat", "xn--ll-0ea.cat")]
    [InlineData("한국.kr", "xn--3e0b707e.kr")]
    public void Should_be_the_name_that_the_DNS_knows(string written, string ascii)
    {
        DomainName.ToAscii(written).ShouldBe(ascii);
        new EmailChannel().As().Canonical($"a@{written}").ShouldBe($"a@{ascii}");
        new WebhookChannel().As().Canonical($"https://{written}/x").ShouldBe($"https://{ascii}/x");
    }

    [Theory]
    [MemberData(nameof(NoNames))]
    public void Should_be_refused_wherever_it_stands_when_it_is_no_name(string name)
    {
        DomainName.ToAscii(name).ShouldBeNull();
        new EmailChannel().Refuse($"a@{name}").ShouldNotBeNull();
        foreach (var url in new[] { $"https://{name}/x", $"https://a.{name}:443/x" })
        {
            new WebhookChannel().Refuse(url).ShouldNotBeNull();
            new WebhookChannel().As().Canonical(url).ShouldNotBeNull();
            new ChatChannel().Refuse($"teams:{url}").ShouldNotBeNull();
            new ChatChannel().As().Canonical($"discord:{url}").ShouldNotBeNull();
            new PushChannel().Refuse(Firefox.Subscription(url)).ShouldNotBeNull();
            new PushChannel().As().Canonical(Firefox.Subscription(url)).ShouldNotBeNull();
        }
    }

    /// <summary>Names are looked up by what .NET makes of a URL, which maps nothing.</summary>
    [Theory]
    [InlineData("https://ｅxample.com/")]
    [InlineData("https://mu\u0308nchen.de/")]
    [InlineData("https://น้ำ.com/")]
    public void Should_not_be_called_by_another_name_than_it_has(string url) =>
        AddressGuard.Refuse(url).ShouldNotBeNull().ShouldContain("xn--");

    [Theory]
    [InlineData("https://münchen.de/")]
    [InlineData("https://MÜNCHEN.de/")]
    [InlineData("https://คน.ไทย/")]
    [InlineData("https://xn--q3c4c8cq.com/")]
    public void Should_be_called_when_it_is_looked_up_by_its_name(string url) => AddressGuard.Refuse(url).ShouldBeNull();

    [Theory]
    [InlineData("e\u0301x@c.com", "éx@c.com")]
    [InlineData("a@MU\u0308NCHEN.de", "a@xn--mnchen-3ya.de")]
    public void Should_be_one_mailbox_however_its_marks_are_written(string one, string other) =>
        new EmailChannel().As().Canonical(one).ShouldBe(new EmailChannel().As().Canonical(other));
}
