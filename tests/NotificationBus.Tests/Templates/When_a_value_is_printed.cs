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

    /// <summary>C: money and numbers. Never rounded without a word.</summary>
    [Theory]
    [InlineData("590.5", "JPY", "JPY 590.5")]
    [InlineData("12.3450", "THB", "THB 12.345")]
    [InlineData("1.2345", "KWD", "KWD 1.2345")]
    [InlineData("1.5", "CLF", "CLF 1.5000")]
    [InlineData("1.5", "UYW", "UYW 1.5000")]
    [InlineData("1.5", "IQD", "IQD 1.500")]
    [InlineData("1500", "UYI", "UYI 1,500")]
    [InlineData("1.5", "xyz", "xyz 1.50")]
    [InlineData("1.50e2", "THB", "THB 150.00")]
    [InlineData("0.0000000000000000000000000000000", "THB", "THB 0.00")]
    [InlineData("1.00000000000000000000000000000000000", "THB", "THB 1.00")]
    [InlineData("0.1234567890123456789012345678", "THB", "THB 0.1234567890123456789012345678")]
    public void Should_show_all_the_decimals_there_are(string amount, string currency, string text) =>
        _folder.Body("{{money total}}").Fill($$"""{ "total": { "amount": {{amount}}, "currency": "{{currency}}" } }""").ShouldBe(text);

    /// <summary>C: money and numbers, by culture and currency. The spaces of some are such that a line does not break there.</summary>
    [Theory]
    [InlineData("de", null, "1.590,00 EUR|1.590,00 €|1.234.567,5")]
    [InlineData("de", "de-AT", "EUR 1.590,00|1.590,00 €")]
    [InlineData("de", "de-CH", "EUR 1’590.00|1’590.00 €|1’234’567.5")]
    [InlineData("fr", "fr-FR", "1 590,00 EUR|1 590,00 €|1 234 567,5")]
    [InlineData("en", "en-US", "EUR 1,590.00|1,590.00 €|1,234,567.5")]
    [InlineData("en", "en-ZZ-x-made-up", "EUR 1,590.00|1,590.00 €|1,234,567.5")]
    [InlineData("en", "en-IN", "EUR 1,590.00|1,590.00 €|12,34,567.5")]
    [InlineData("th", "th", "EUR 1,590.00|1,590.00 €|1,234,567.5")]
    // The English and Portuguese of a country that counts otherwise.
    [InlineData("en", "en-DE", "1.590,00 EUR|1.590,00 €|1.234.567,5")]
    [InlineData("en", "en-AT", "EUR 1.590,00|1.590,00 €|1.234.567,5")]
    [InlineData("en", "en-NL", "EUR 1.590,00|1.590,00 €|1.234.567,5")]
    [InlineData("en", "en-CH", "EUR 1’590.00|1’590.00 €|1’234’567.5")]
    [InlineData("en", "en-SE", "1 590,00 EUR|1 590,00 €|1 234 567,5")]
    [InlineData("pt", "pt-AO", "1 590,00 EUR|1 590,00 €|1 234 567,5")]
    [InlineData("pt", "pt-MZ", "1590,00 EUR|1590,00 €|1 234 567,5")]
    [InlineData("pt", "pt-BR", "EUR 1.590,00|1.590,00 €|1.234.567,5")]
    // Money and numbers apart.
    [InlineData("fr", "fr-CH", "1 590.00 EUR|1 590.00 €|1 234 567,5")]
    [InlineData("de", "de-AT", "EUR 1.590,00|1.590,00 €|1 234 567,5")]
    // A group of one digit is none.
    [InlineData("es", null, "1590,00 EUR|1590,00 €|1.234.567,5")]
    [InlineData("pl", null, "1590,00 EUR|1590,00 €|1 234 567,5")]
    [InlineData("es", "es-AR", "EUR 1.590,00|1.590,00 €|1.234.567,5")]
    [InlineData("es", "es-MX", "EUR 1,590.00|1,590.00 €|1,234,567.5")]
    public void Should_show_money_and_numbers_as_the_language_does(string language, string? locale, string text)
    {
        _folder.Body("").Write($"test/push.{language}.hbs", "--- title\nTitle\n--- body\n{{money total}}|{{money total EUR=\"€\"}}|{{localNumber count}}\n");
        _folder.Write("test/push.en.hbs", "--- title\nTitle\n--- body\n{{money total}}|{{money total EUR=\"€\"}}|{{localNumber count}}\n");

        var content = (NotificationBus.Channels.Push.PushContent)_folder.Load().Render("test", TemplateFolder.Push, locale ?? language, null,
            TemplateFolder.Json("""{ "total": { "amount": 1590, "currency": "EUR" }, "count": 1234567.5 }"""));

        content.Body.Replace('\u00a0', ' ').Replace('\u202f', ' ').ShouldContain(text);
    }

    [Theory]
    [InlineData("9999.99", "9999,99 EUR")]
    [InlineData("10000", "10.000,00 EUR")]
    [InlineData("-9999", "-9999,00 EUR")]
    [InlineData("-10000", "-10.000,00 EUR")]
    public void Should_group_Spanish_digits_from_five_on(string amount, string text)
    {
        _folder.Body("x").Write("test/push.es.hbs", "--- title\nTitle\n--- body\n{{money total}}\n");

        var content = (NotificationBus.Channels.Push.PushContent)_folder.Load().Render("test", TemplateFolder.Push, "es", null,
            TemplateFolder.Json($$"""{ "total": { "amount": {{amount}}, "currency": "EUR" } }"""));

        content.Body.ShouldBe(text);
    }

    [Theory]
    [InlineData("{{shorten text 10}}", "0123456789", "0123456789")]
    [InlineData("{{shorten text 10}}", "0123456789a", "012345678…")]
    [InlineData("{{shorten text 10}}", "0123456 89a", "0123456 8…")]
    [InlineData("{{shorten text 6}}", "ที่นี่มีของ", "ที่…")]
    [InlineData("{{shorten text 6}}", "👨‍👩‍👧👨‍👩‍👧", "👨‍👩…")]
    [InlineData("{{shorten text 2}}", "👨‍👩‍👧👨‍👩‍👧", "…")]
    [InlineData("{{shorten text 5}}", "      \\n\\n\\n 0123", "0123")]
    [InlineData("{{shorten text 5}}", "      \\n\\n\\n 0123456", "0123…")]
    [InlineData("{{shorten text 5}}", "              ", "")]
    [InlineData("{{shorten text 4}}", "e\u0301\u0301\u0301\u0301\u0301\u0301x", "e\u0301\u0301…")]
    [InlineData("{{shorten text 8 unit=\"octets\"}}", "e\u0301\u0301\u0301\u0301\u0301\u0301x", "e\u0301\u0301…")]
    [InlineData("{{shorten text 9}}", "👨‍👩‍👧👨‍👩‍👧", "👨‍👩‍👧…")]
    [InlineData("{{shorten text 3}}", "🏎🏎", "🏎…")]
    [InlineData("{{shorten text 16 unit=\"octets\"}}", "🏎🏎", "🏎…")]
    [InlineData("{{shorten text 9 unit=\"octets\"}}", "กกกก", "กก…")]
    [InlineData("{{shorten text 12 unit=\"octets\"}}", "กกกก", "กกกก")]
    public void Should_be_shortened_between_characters(string body, string text, string printed) =>
        _folder.Body(body).Fill($$"""{ "text": "{{text}}" }""").ShouldBe(printed);

    [Theory]
    [InlineData("{{shorten text}}")]
    [InlineData("{{shorten text 0}}")]
    [InlineData("{{shorten text \"ten\"}}")]
    [InlineData("{{shorten \"text\" 5}}")]
    public void Should_say_how_a_text_is_shortened(string body) =>
        Should.Throw<TemplateException>(() => _folder.Body(body).Fill("""{ "text": "abc" }""")).Message.ShouldContain("{{shorten …}} needs a variable and the most characters");

    /// <summary>C: line breaks in Outlook, which knows no white-space.</summary>
    [Fact]
    public void Should_keep_its_lines_in_HTML_and_escape_them() =>
        _folder.Html("<p>{{lineBreaks title}}</p>{{> quote text=title}}").Write("_layout/quote.hbs", "<q>{{lineBreaks text}}</q>")
            .FillText("a <b>\r\nc\n\nd").ShouldBe("<p>a &lt;b&gt;<br>\nc<br>\n<br>\nd</p><q>a &lt;b&gt;<br>\nc<br>\n<br>\nd</q>");

    [Theory]
    [InlineData("""{ "amount": "much", "currency": "THB" }""", "'total.amount' is not a number")]
    [InlineData("""{ "amount": 1 }""", "'total.currency' is missing")]
    [InlineData("""{ "amount": 0.123456789012345678901234567890123, "currency": "THB" }""",
        "'total.amount' has more digits than can be printed, and is not rounded")]
    [InlineData("""{ "amount": 1e-30, "currency": "THB" }""",
        "'total.amount' has more digits than can be printed, and is not rounded")]
    [InlineData("""{ "amount": "79228162514264337593543950.3359", "currency": "THB" }""",
        "'total.amount' has more digits than can be printed, and is not rounded")]
    [InlineData("""{ "amount": 79228162514264337593543950336, "currency": "THB" }""", "'total.amount' is not a number")]
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
