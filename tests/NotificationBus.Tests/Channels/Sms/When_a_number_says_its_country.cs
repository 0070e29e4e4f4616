using NotificationBus.Channels.Sms;

namespace NotificationBus.Tests.Channels.Sms;

public sealed class When_a_number_says_its_country
{
    [Theory]
    [InlineData("+66812345678", "TH")]
    [InlineData("+6591234567", "SG")]
    [InlineData("+12125550100", "US")]
    [InlineData("+14165550100", "CA")]
    [InlineData("+18765550100", "JM")]
    [InlineData("+17875550100", "PR")]
    [InlineData("+79161234567", "RU")]
    [InlineData("+77011234567", "KZ")]
    [InlineData("+447400123456", "GB")]
    [InlineData("+447781123456", "GB")]
    [InlineData("+4779123456", "NO")]
    [InlineData("+59995123456", "CW")]
    [InlineData("+5997181234", "BQ")]
    [InlineData("+85291234567", "HK")]
    [InlineData("+995555123456", "GE")]
    // A satellite, a code that is nobody's, and what is no number.
    [InlineData("+881612345678", null)]
    [InlineData("+2101234567", null)]
    [InlineData("+", null)]
    public void Should_be_known_by_its_range(string number, string? country) => new SmsChannel().CountryOf(number).ShouldBe(country);
}
