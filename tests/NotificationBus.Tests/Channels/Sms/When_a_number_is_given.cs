using NotificationBus.Channels.Sms;
using NotificationBus.Contracts;
using NotificationBus.Templates;

namespace NotificationBus.Tests.Channels.Sms;

public sealed class When_a_number_is_given
{
    static readonly SmsChannel Sms = new();

    [Theory]
    [InlineData("+66812345678")]
    [InlineData("+1234567")]
    [InlineData("+123456789012345")]
    public void Should_be_used(string number)
    {
        Sms.AddressesOf(new Contact { Id = "seller-42", Phone = number }).ShouldBe([number]);
        Sms.Refuse(number).ShouldBeNull();
    }

    [Theory]
    [InlineData("66898765432")]
    [InlineData("0812345678")]
    [InlineData("+0812345678")]
    [InlineData("+123456")]
    [InlineData("+1234567890123456")]
    [InlineData("+66 81 234 5678")]
    [InlineData("+66812345678\n")]
    [InlineData("+๖๖๘๑๒๓๔๕๖๗๘")]
    [InlineData("tel:+66812345678")]
    public void Should_be_refused_in_any_other_form(string number) => Sms.Refuse(number).ShouldNotBeNull().ShouldBe("the number is not in E.164 form, such as +66812345678");

    [Fact]
    public void Should_not_be_missed_when_there_is_none() => Sms.AddressesOf(new Contact { Id = "seller-42" }).ShouldBeEmpty();

    [Fact]
    public void Should_not_be_sent_an_empty_text() =>
        Should.Throw<TemplateException>(() => Sms.Fill(new Dictionary<string, string>(StringComparer.Ordinal) { ["text"] = " \n" }));
}
