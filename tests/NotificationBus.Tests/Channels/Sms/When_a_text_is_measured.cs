using NotificationBus.Channels.Sms;

namespace NotificationBus.Tests.Channels.Sms;

public sealed class When_a_text_is_measured
{
    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(160, 1)]
    [InlineData(161, 2)]
    [InlineData(306, 2)]
    [InlineData(307, 3)]
    [InlineData(1530, 10)]
    public void Should_have_160_characters_or_153_in_each_part(int length, int segments) =>
        SmsLength.Of(new string('a', length)).ShouldBe((SmsEncoding.Gsm7, segments));

    [Theory]
    [InlineData(1, 1)]
    [InlineData(70, 1)]
    [InlineData(71, 2)]
    [InlineData(134, 2)]
    [InlineData(135, 3)]
    public void Should_have_70_or_67_with_any_other_character(int length, int segments) =>
        SmsLength.Of(new string('ก', length)).ShouldBe((SmsEncoding.Ucs2, segments));

    [Theory]
    [InlineData(
        "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ "
            + "!\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà",
        SmsEncoding.Gsm7
    )]
    [InlineData("^{}\\[~]|€\f", SmsEncoding.Gsm7)]
    [InlineData("ç", SmsEncoding.Ucs2)]
    [InlineData("á", SmsEncoding.Ucs2)]
    [InlineData("\t", SmsEncoding.Ucs2)]
    [InlineData("`", SmsEncoding.Ucs2)]
    [InlineData("’", SmsEncoding.Ucs2)]
    [InlineData("฿590", SmsEncoding.Ucs2)]
    [InlineData("🎉", SmsEncoding.Ucs2)]
    public void Should_know_the_alphabet(string text, SmsEncoding encoding) => SmsLength.Of(text).ShouldBe((encoding, 1));

    [Fact]
    public void Should_have_127_characters_and_the_escape_in_the_alphabet() =>
        Enumerable.Range(0, 0x10000).Count(c => SmsLength.Of($"{(char)c}").Encoding == SmsEncoding.Gsm7).ShouldBe(127 + 10);

    [Theory]
    [InlineData(80, 0, 1)]
    [InlineData(80, 1, 2)]
    [InlineData(76, 9, 2)]
    [InlineData(152, 1, 2)]
    [InlineData(153, 0, 3)]
    public void Should_count_what_needs_an_escape_twice_and_never_tear_it_apart(int euros, int letters, int segments) =>
        // Of 153 places 152 are used when each character takes two.
        SmsLength.Of(new string('€', euros) + new string('a', letters)).ShouldBe((SmsEncoding.Gsm7, segments));

    [Theory]
    [InlineData(35, 1)]
    [InlineData(36, 2)]
    [InlineData(66, 2)]
    [InlineData(67, 3)]
    public void Should_not_tear_a_surrogate_pair_apart(int emoji, int segments) =>
        SmsLength.Of(string.Concat(Enumerable.Repeat("🎉", emoji))).ShouldBe((SmsEncoding.Ucs2, segments));
}
