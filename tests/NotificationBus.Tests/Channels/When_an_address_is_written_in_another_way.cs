using NotificationBus.Channels.Chat;
using NotificationBus.Channels.Email;
using NotificationBus.Channels.Push;
using NotificationBus.Channels.Webhook;
using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Tests.Channels.Push;

namespace NotificationBus.Tests.Channels;

/// <summary>C: suppressed under another spelling, and the same device twice.</summary>
public sealed class When_an_address_is_written_in_another_way
{
    const string Apns = "00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0";

    static readonly Browser Firefox = new();

    [Theory]
    [InlineData("https://HOOK.example.com:443/./a")]
    [InlineData("HTTPS://hook.example.com/a")]
    [InlineData("https://hook.example.com./a")]
    [InlineData("https://hook.example.com/b/../a")]
    [InlineData("https://hook.example.com/%2e/a")]
    [InlineData("https://hook.example.com/b/%2E%2E/a")]
    [InlineData("https://hook.example.com/%61")]
    [InlineData("https://hook.example.com/a#fragment")]
    [InlineData("https://hook.example.com/a?")]
    public void Should_be_the_same_URL(string written) => Same(new WebhookChannel(), written, "https://hook.example.com/a");

    [Theory]
    [InlineData("https://ร้าน.example.com/%E0%B8%81?q=%e0%b8%81", "https://xn--q3ct9b5e.example.com/ก?q=ก")]
    [InlineData("https://BÜCHER.example/", "https://xn--bcher-kva.example")]
    [InlineData("https://hook.example.com", "https://hook.example.com/")]
    [InlineData("https://hook.example.com/%7euser/%2fa", "https://hook.example.com/~user/%2Fa")]
    [InlineData("http://10.0.0.7:80/a", "http://10.0.0.7/a")]
    [InlineData("https://[2606:4700:4700:0:0:0:0:1111]/a", "https://[2606:4700:4700::1111]:443/a")]
    public void Should_be_the_same_URL_as_well(string one, string other) => Same(new WebhookChannel(), one, other);

    [Theory]
    [InlineData("https://hook.example.com/A")]
    [InlineData("https://hook.example.com/a/")]
    [InlineData("https://hook.example.com:8443/a")]
    [InlineData("http://hook.example.com/a")]
    [InlineData("https://hook.example.com/a?b")]
    [InlineData("https://hook.example.com/%2Fa")]
    [InlineData("https://hook.example.net/a")]
    public void Should_be_another_URL(string written) =>
        new WebhookChannel().As().Canonical(written).ShouldNotBe("https://hook.example.com/a");

    [Theory]
    [InlineData("slack:https://hooks.slack.com/services/T0/B0/x", "slack:https://HOOKS.slack.com:443/services/./T0/B0/x")]
    [InlineData("discord:https://discord.com/api/webhooks/1/x", "discord:https://discord.com/api/webhooks/1/%78")]
    [InlineData("discord:https://discord.com/api/webhooks/1/x", "discord:https://discordapp.com/api/webhooks/1/x")]
    [InlineData("discord:https://discord.com/api/webhooks/1/x", "discord:https://ptb.discord.com/api/webhooks/1/x")]
    [InlineData("discord:https://canary.discord.com/api/v10/webhooks/1/x", "discord:https://discord.com/api/v9/webhooks/1/x/")]
    [InlineData("discord:https://discord.com/api/webhooks/1/x?wait=true", "discord:https://discord.com/api/webhooks/1/x")]
    [InlineData("discord:https://discord.com/api/webhooks/1/x/slack", "discord:https://discord.com/api/webhooks/1/x")]
    [InlineData(
        "discord:https://discord.com/api/webhooks/1/x?wait=true&thread_id=7",
        "discord:https://discordapp.com/api/webhooks/1/x?thread_id=7&wait=false"
    )]
    [InlineData("telegram:@Channel", "telegram:@channel")]
    public void Should_be_the_same_place(string one, string other)
    {
        Same(new ChatChannel(), one, other);
        new ChatChannel().AddressesOf(new Contact { Id = "seller-42", Chat = [one, other] }).ShouldBe([one]);
    }

    [Theory]
    [InlineData("slack:C0123456789", "slack:c0123456789")]
    [InlineData("line:Uabc", "line:UABC")]
    [InlineData("discord:https://discord.com/api/webhooks/1/x", "discord:https://discord.com/api/webhooks/1/X")]
    [InlineData("discord:https://discord.com/api/webhooks/1/x", "discord:https://discord.com/api/webhooks/2/x")]
    [InlineData("discord:https://discord.com/api/webhooks/1/x", "discord:https://discord.com/api/webhooks/1/x?thread_id=7")]
    [InlineData("discord:https://discord.com/api/webhooks/1/x", "discord:https://discord.com.evil.example/api/webhooks/1/x")]
    public void Should_be_another_place(string one, string other) =>
        new ChatChannel().AddressesOf(new Contact { Id = "seller-42", Chat = [one, other] }).ShouldBe([one, other]);

    /// <summary>RFC 5321, section 4.1.2: what needs no quotes is the same without.</summary>
    [Theory]
    [InlineData("\"john\"@example.com", "john@example.com")]
    [InlineData("\"jo\\hn\"@example.com", "John@EXAMPLE.com")]
    [InlineData("\"\\j\\o\\h\\n.doe\"@example.com", "john.doe@example.com")]
    [InlineData("\"jo\\hn doe\"@example.com", "\"john doe\"@example.com")]
    [InlineData("\"a\\\"b\\\\c\"@example.com", "\"\\a\\\"\\b\\\\c\"@example.com")]
    [InlineData("\"สมชาย\"@example.com", "สมชาย@example.com")]
    [InlineData("som@คน.ไทย", "som@xn--42c6b.xn--o3cw4h")]
    public void Should_be_the_same_mailbox(string one, string other) => Same(new EmailChannel(), one, other);

    [Theory]
    [InlineData("\"john.\"@example.com", "john.@example.com")]
    [InlineData("\"john doe\"@example.com", "johndoe@example.com")]
    [InlineData("\"john@home\"@example.com", "john@example.com")]
    public void Should_be_another_mailbox(string one, string other) =>
        new EmailChannel().Canonical(one).ShouldNotBe(new EmailChannel().Canonical(other));

    [Fact]
    public void Should_be_the_same_device()
    {
        string[] same = ["tok1", "fcm:tok1", Apns, Apns.ToUpperInvariant(), $"apns:{Apns}"];

        new PushChannel().AddressesOf(new Contact { Id = "seller-42", PushTokens = same }).ShouldBe(["tok1", Apns]);
    }

    [Fact]
    public void Should_be_the_same_browser()
    {
        string[] same =
        [
            Firefox.Subscription("https://push.example.com/a"),
            new Browser().Subscription("https://PUSH.example.com:443/./a"),
        ];

        new PushChannel().AddressesOf(new Contact { Id = "seller-42", PushTokens = same }).ShouldBe([same[0]]);
    }

    /// <summary>C: Web Push keys in standard base64.</summary>
    [Fact]
    public void Should_be_taken_with_keys_in_either_alphabet()
    {
        // Until both characters that differ have come up.
        var subscription = "";
        do
        {
            subscription = new Browser().Subscription("https://push.example.com/a");
        } while (!subscription.Contains('-', StringComparison.Ordinal) || !subscription.Contains('_', StringComparison.Ordinal));

        var keys = subscription[subscription.IndexOf("\"keys\"", StringComparison.Ordinal)..];
        var standard = subscription.Replace(keys, keys.Replace('-', '+').Replace('_', '/'), StringComparison.Ordinal);

        new PushChannel().Refuse(standard).ShouldBeNull();
        WebPushSubscription.Read(standard)!.PublicKey.ShouldBe(WebPushSubscription.Read(subscription)!.PublicKey);
        WebPushSubscription.Octets("YWI=").ShouldBe("ab"u8.ToArray());
        WebPushSubscription.Octets("YWI").ShouldBe("ab"u8.ToArray());
    }

    static void Same(IChannel channel, string one, string other)
    {
        channel.Canonical(one).ShouldBe(channel.Canonical(other));
        channel.Canonical(channel.Canonical(one)).ShouldBe(channel.Canonical(one), "the form of the form is the form");
    }
}

static class AnyChannel
{
    public static IChannel As(this IChannel channel) => channel;
}
