using NotificationBus.Channels.Sms;
using NotificationBus.Contracts;
using NotificationBus.Templates;

namespace NotificationBus.Tests.Channels.Sms;

public sealed class When_a_number_is_given
{
    static readonly SmsChannel Sms = new();

    [Theory]
    [InlineData("+66812345678")]
    [InlineData("+12125550100")]
    [InlineData("+4915112345678")]
    [InlineData("+390612345678")]
    [InlineData("+2250701234567")]
    [InlineData("+525512345678")]
    [InlineData("+29022158")]
    [InlineData("+881612345678")]
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
    public void Should_be_refused_in_any_other_form(string number) =>
        Sms.Refuse(number).ShouldNotBeNull().ShouldBe("the number is not in E.164 form, such as +66812345678");

    [Theory]
    [InlineData("+1234567", "the number is too short for its country")]
    [InlineData("+6681234567", "the number is none that its country assigns")]
    [InlineData("+668123456789", "the number is none that its country assigns")]
    [InlineData("+123456789012345", "the number is too long for its country")]
    [InlineData("+15555555555", "the number is none that its country assigns")]
    [InlineData("+447700900123", "the number is none that its country assigns")]
    [InlineData("+5215512345678", "the number is too long for its country")]
    [InlineData("+491234", "the number is not in E.164 form, such as +66812345678")]
    [InlineData("+660812345678", "the number has a 0 after its country's code that is not part of it")]
    [InlineData("+4401632960123", "the number has a 0 after its country's code that is not part of it")]
    [InlineData("+2101234567", "the number begins with no country's code")]
    [InlineData("+9991234567", "the number begins with no country's code")]
    public void Should_be_refused_when_its_country_has_no_such_numbers(string number, string reason) => Sms.Refuse(number).ShouldBe(reason);

    [Fact]
    public void Should_not_be_missed_when_there_is_none() => Sms.AddressesOf(new Contact { Id = "seller-42" }).ShouldBeEmpty();

    [Fact]
    public void Should_not_be_sent_an_empty_text() =>
        Should.Throw<TemplateException>(() => Sms.Fill(new Dictionary<string, string>(StringComparer.Ordinal) { ["text"] = " \n" }));
}
