using NotificationBus.Channels.Push;

namespace NotificationBus.Tests.Channels.Push;

public sealed class When_a_push_token_is_given
{
    const string OfApple = "00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0";

    // The keys of a browser: a point on P-256, one beside the curve, and the secret it shares with us.
    const string Point = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
    const string OffTheCurve = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw8";
    const string Secret = "BTBZMqHH6r4Tts7J_aSIgg";

    static readonly PushChannel Push = new();
    static readonly string OfBrowser = new Browser().Subscription("https://fcm.googleapis.com/fcm/send/abc");

    public static TheoryData<string, string, string> Tokens =>
        new()
        {
            { "dGhpcyBpcyBhIHRva2Vu:APA91bHPRgkF3JUikC4ENAHEeMrd41Zxv3hVZjC9KtT8OvPVGJ", nameof(PushVendorKind.Fcm), "" },
            { "demo-token", nameof(PushVendorKind.Fcm), "" },
            { OfApple, nameof(PushVendorKind.Apns), "" },
            { OfApple.ToUpperInvariant(), nameof(PushVendorKind.Apns), "" },
            { OfApple[..63], nameof(PushVendorKind.Fcm), "" },
            { $"fcm:{OfApple}", nameof(PushVendorKind.Fcm), OfApple },
            { "apns:00fc13ad", nameof(PushVendorKind.Apns), "00fc13ad" },
            { OfBrowser, nameof(PushVendorKind.WebPush), "" },
        };

    [Theory]
    [MemberData(nameof(Tokens))]
    public void Should_know_whose_it_is(string address, string vendor, string token)
    {
        PushAddress.Of(address).ShouldBe(new PushAddress(Enum.Parse<PushVendorKind>(vendor), token.Length > 0 ? token : address));
        Push.Refuse(address).ShouldBeNull();
    }

    [Theory]
    [InlineData("apns:not-hexadecimal")]
    [InlineData("fcm:")]
    [InlineData("apns:")]
    [InlineData("two tokens")]
    [InlineData("{")]
    [InlineData("{}")]
    [InlineData($$$"""{"endpoint":"http://push.example.com/","keys":{"p256dh":"{{{Point}}}","auth":"{{{Secret}}}"}}""")]
    [InlineData($$$"""{"endpoint":"https://push.example.com/","keys":{"p256dh":"{{{Point}}}","auth":"BTBZMqHH6r4Tts7J"}}""")]
    [InlineData($$$"""{"endpoint":"https://push.example.com/","keys":{"p256dh":"{{{OffTheCurve}}}","auth":"{{{Secret}}}"}}""")]
    [InlineData(
        """{"endpoint":"https://evil.example/","endpoint":"https://push.example.com/","keys":"""
            + $$$"""{"p256dh":"{{{Point}}}","auth":"{{{Secret}}}"}}"""
    )]
    [InlineData(
        """{"endpoint":"https://push.example.com/","end\u0070oint":"https://evil.example/","keys":"""
            + $$$"""{"p256dh":"{{{Point}}}","auth":"{{{Secret}}}"}}"""
    )]
    [InlineData($$$"""{"\ud800":1,"endpoint":"https://push.example.com/","keys":{"p256dh":"{{{Point}}}","auth":"{{{Secret}}}"}}""")]
    public void Should_say_what_is_wrong_with_it(string address)
    {
        Push.Refuse(address).ShouldNotBeNull().ShouldNotContain(address);
    }

    /// <summary>The one above is refused for its names alone.</summary>
    [Fact]
    public void Should_take_it_when_each_name_stands_once() =>
        Push.Refuse($$$"""{"endpoint":"https://push.example.com/","keys":{"p256dh":"{{{Point}}}","auth":"{{{Secret}}}"}}""").ShouldBeNull();

    [Fact]
    public void Should_have_one_name_however_it_is_written()
    {
        Push.Canonical("fcm:abc").ShouldBe("abc");
        Push.Canonical($"apns:{OfApple.ToUpperInvariant()}").ShouldBe(OfApple);
        Push.Canonical(OfBrowser).ShouldBe(Push.Canonical(OfBrowser.Replace("\"expirationTime\":null,", "", StringComparison.Ordinal)));
        Push.Canonical(OfBrowser).ShouldNotBe(Push.Canonical(new Browser().Subscription("https://fcm.googleapis.com/fcm/send/abd")));
    }
}
