using NotificationBus.Templates;

namespace NotificationBus.Tests.Templates;

public sealed class When_a_value_is_printed : IDisposable
{
    readonly TemplateFolder _folder = new();

    [Theory]
    [InlineData("""{ "amount": 590, "currency": "THB" }""", "THB 590.00")]
    [InlineData("""{ "amount": 1234567.5, "currency": "EUR" }""", "EUR 1,234,567.50")]
    [InlineData("""{ "amount": "1590.00", "currency": "USD" }""", "USD 1,590.00")]
    [InlineData("""{ "amount": 1590, "currency": "JPY" }""", "JPY 1,590")]
    [InlineData("""{ "amount": 250000, "currency": "VND" }""", "VND 250,000")]
    [InlineData("""{ "amount": 1.5, "currency": "KWD" }""", "KWD 1.500")]
    [InlineData("""{ "amount": -20, "currency": "THB" }""", "THB -20.00")]
    public void Should_show_money_with_the_decimals_of_its_currency(string total, string text) =>
        _folder.Body("{{money total}}").Fill($$"""{ "total": {{total}} }""").ShouldBe(text);

    [Theory]
    [InlineData("THB", "590.00 บาท")]
    [InlineData("USD", "USD 590.00")]
    public void Should_show_money_in_the_words_of_the_language(string currency, string text) =>
        _folder.Body("{{money total THB=\"บาท\"}}").Fill($$"""{ "total": { "amount": 590, "currency": "{{currency}}" } }""").ShouldBe(text);

    [Theory]
    [InlineData("""{ "amount": "much", "currency": "THB" }""", "'total.amount' is not a number")]
    [InlineData("""{ "amount": 1 }""", "'total.currency' is missing")]
    public void Should_name_what_is_no_money(string total, string reason) =>
        Should.Throw<TemplateException>(() => _folder.Body("{{money total}}").Fill($$"""{ "total": {{total}} }""")).Message.ShouldBe($"test/push.en: {reason}");

    [Theory]
    [InlineData("590", "590")]
    [InlineData("590.50", "590.50")]
    [InlineData("12345678901234567890", "12345678901234567890")]
    [InlineData("0", "0")]
    [InlineData("true", "true")]
    [InlineData("\"สวัสดี\"", "สวัสดี")]
    public void Should_look_as_it_was_sent(string json, string text) => _folder.Body("{{value}}").Fill($$"""{ "value": {{json}} }""").ShouldBe(text);

    [Fact]
    public void Should_be_a_text_and_not_an_object() =>
        Should.Throw<TemplateException>(() => _folder.Body("{{total}}").Fill("""{ "total": { "amount": 1 } }"""))
            .Message.ShouldBe("test/push.en: 'total' is a list or an object and cannot be printed as a whole");

    [Fact]
    public void Should_be_found_in_lists_and_objects() =>
        _folder.Body("{{#each lines}}{{@index}}:{{name}}{{#unless @last}}, {{/unless}}{{/each}} {{#each total}}{{@key}}={{this}};{{/each}} {{lines.[1].name}} {{#each none}}x{{else}}-{{/each}}")
            .Fill("""{ "lines": [{ "name": "a" }, { "name": "b" }], "total": { "amount": 1, "currency": "THB" }, "none": [] }""")
            .ShouldBe("0:a, 1:b amount=1;currency=THB; b -");

    public void Dispose() => _folder.Dispose();
}
