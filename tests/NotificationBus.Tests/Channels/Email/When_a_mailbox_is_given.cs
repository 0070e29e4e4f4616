using NotificationBus.Channels.Email;
using NotificationBus.Contracts;

namespace NotificationBus.Tests.Channels.Email;

/// <summary>C: a mailbox that exists is refused. Every one that mail servers accept is taken, in the form they take.</summary>
public sealed class When_a_mailbox_is_given
{
    static readonly EmailChannel Channel = new();

    [Theory]
    [InlineData("som@example.com", "som@example.com")]
    [InlineData("o'neil+tag/x=1@sub.example.co.th", "o'neil+tag/x=1@sub.example.co.th")]
    [InlineData("info@คน.ไทย", "info@xn--42c6b.xn--o3cw4h")]
    [InlineData("info@xn--42c6b.xn--o3cw4h", "info@xn--42c6b.xn--o3cw4h")]
    [InlineData("info@Bücher.example", "info@xn--bcher-kva.example")]
    [InlineData("info@例え。テスト", "info@xn--r8jz45g.xn--zckzah")]
    [InlineData("สมชาย@คน.ไทย", "สมชาย@xn--42c6b.xn--o3cw4h")]
    [InlineData("用户@example.com", "用户@example.com")]
    [InlineData("ಬೆಂಬಲ@example.com", "ಬೆಂಬಲ@example.com")]
    [InlineData("🏎@example.com", "🏎@example.com")]
    [InlineData("\"john doe\"@example.com", "\"john doe\"@example.com")]
    [InlineData("\"a@b\"@example.com", "\"a@b\"@example.com")]
    [InlineData("\"a\\\"b\\\\\"@example.com", "\"a\\\"b\\\\\"@example.com")]
    [InlineData("\"..\"@example.com", "\"..\"@example.com")]
    [InlineData("a@localhost", "a@localhost")]
    [InlineData("a@example.photography", "a@example.photography")]
    [InlineData("a@xn--vermgensberatung-pwb", "a@xn--vermgensberatung-pwb")]
    [InlineData("a@1.example", "a@1.example")]
    public void Should_be_taken_with_its_domain_in_ASCII(string mailbox, string onTheWire)
    {
        Channel.Refuse(mailbox).ShouldBeNull();
        Channel.AddressesOf(new Contact { Id = "1", Email = mailbox }).ShouldBe([onTheWire]);
        Channel.Canonical(mailbox).ShouldBe(onTheWire.ToLowerInvariant());
        Channel.Canonical(mailbox.ToUpperInvariant()).ShouldBe(onTheWire.ToLowerInvariant());
    }

    [Theory]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("@example.com")]
    [InlineData("a@")]
    [InlineData("a@@example.com")]
    [InlineData("a b@example.com")]
    [InlineData(".a@example.com")]
    [InlineData("a.@example.com")]
    [InlineData("a..b@example.com")]
    [InlineData("a\"b@example.com")]
    [InlineData("\"\"@example.com")]
    [InlineData("\"@example.com")]
    [InlineData("\"a\"b\"@example.com")]
    [InlineData("\"a\\\"@example.com")]
    [InlineData("\"a\"b@example.com")]
    [InlineData("\"a\r\nRCPT TO:<x@y>\"@example.com")]
    [InlineData("\"a\0\"@example.com")]
    [InlineData("\"a\\\n\"@example.com")]
    [InlineData("a\u202eb@example.com")]
    [InlineData("a\u00a0b@example.com")]
    [InlineData("a\u2028@example.com")]
    [InlineData("a<b>@example.com")]
    [InlineData("a@-example.com")]
    [InlineData("a@example-.com")]
    [InlineData("a@example..com")]
    [InlineData("a@example.com.")]
    [InlineData("a@.com")]
    [InlineData("a@exa mple.com")]
    [InlineData("a@exa_mple.com")]
    [InlineData("a@[192.0.2.1]")]
    [InlineData("a@[IPv6:::1]")]
    [InlineData("a@คน.\r\nไทย")]
    [InlineData("a@คน..ไทย")]
    [InlineData("<a@example.com>")]
    [InlineData("Som <a@example.com>")]
    public void Should_be_refused_when_it_is_none(string mailbox)
    {
        Channel.Refuse(mailbox).ShouldBe("the mailbox is not of the form local@domain");
        Channel.AddressesOf(new Contact { Id = "1", Email = mailbox }).ShouldBe(mailbox.Length == 0 ? [] : [mailbox]);
    }

    [Fact]
    public void Should_be_as_long_as_a_path_may_be()
    {
        var domain = $"{new string('d', 63)}.{new string('e', 63)}.example.com";
        var longest = $"{new string('a', 254 - domain.Length - 1)}@{domain}";

        Channel.Refuse(longest).ShouldBeNull();
        Channel.Refuse($"a{longest}").ShouldBe("the mailbox is longer than 254 characters (RFC 5321)");
        Channel.Refuse($"a@{new string('d', 64)}.com").ShouldNotBeNull();
        // As many characters, and twice the octets.
        Channel.Refuse($"{new string('ä', 130)}@example.com").ShouldNotBeNull();
    }

    [Fact]
    public void Should_not_take_half_a_surrogate_pair() => Channel.Refuse($"a{'\ud83c'}@example.com").ShouldNotBeNull();
}
