using NotificationBus.Templates;
using NotificationBus.Tests.TestKit;

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
        _folder.Body("{{ total | money }}").Fill($$"""{ "total": {{total}} }""").ShouldBe(text);

    [Theory]
    [InlineData("THB", "590.00 บาท")]
    [InlineData("USD", "USD 590.00")]
    public void Should_show_money_in_the_words_of_the_language(string currency, string text) =>
        _folder
            .Body("{{ total | money: THB: \"บาท\" }}")
            .Fill($$"""{ "total": { "amount": 590, "currency": "{{currency}}" } }""")
            .ShouldBe(text);

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
        _folder.Body("{{ total | money }}").Fill($$"""{ "total": { "amount": {{amount}}, "currency": "{{currency}}" } }""").ShouldBe(text);

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
        _folder
            .Body("")
            .Write(
                $"test/push.{language}.liquid",
                "--- title\nTitle\n--- body\n{{ total | money }}|{{ total | money: EUR: \"€\" }}|{{ count | localNumber }}\n"
            );
        _folder.Write(
            "test/push.en.liquid",
            "--- title\nTitle\n--- body\n{{ total | money }}|{{ total | money: EUR: \"€\" }}|{{ count | localNumber }}\n"
        );

        var content = (NotificationBus.Channels.Push.PushContent)
            _folder
                .Load()
                .Render(
                    "test",
                    TemplateFolder.Push,
                    locale ?? language,
                    null,
                    TemplateFolder.Json("""{ "total": { "amount": 1590, "currency": "EUR" }, "count": 1234567.5 }""")
                );

        content.Body.Replace('\u00a0', ' ').Replace('\u202f', ' ').ShouldContain(text);
    }

    [Theory]
    [InlineData("9999.99", "9999,99 EUR")]
    [InlineData("10000", "10.000,00 EUR")]
    [InlineData("-9999", "-9999,00 EUR")]
    [InlineData("-10000", "-10.000,00 EUR")]
    public void Should_group_Spanish_digits_from_five_on(string amount, string text)
    {
        _folder.Body("x").Write("test/push.es.liquid", "--- title\nTitle\n--- body\n{{ total | money }}\n");

        var content = (NotificationBus.Channels.Push.PushContent)
            _folder
                .Load()
                .Render(
                    "test",
                    TemplateFolder.Push,
                    "es",
                    null,
                    TemplateFolder.Json($$"""{ "total": { "amount": {{amount}}, "currency": "EUR" } }""")
                );

        content.Body.ShouldBe(text);
    }

    [Theory]
    [InlineData("{{ text | shorten: 10 }}", "0123456789", "0123456789")]
    [InlineData("{{ text | shorten: 10 }}", "0123456789a", "012345678…")]
    [InlineData("{{ text | shorten: 10 }}", "0123456 89a", "0123456 8…")]
    [InlineData("{{ text | shorten: 6 }}", "ที่นี่มีของ", "ที่…")]
    [InlineData("{{ text | shorten: 6 }}", "👨‍👩‍👧👨‍👩‍👧", "👨‍👩…")]
    [InlineData("{{ text | shorten: 2 }}", "👨‍👩‍👧👨‍👩‍👧", "…")]
    [InlineData("{{ text | shorten: 5 }}", "      \\n\\n\\n 0123", "0123")]
    [InlineData("{{ text | shorten: 5 }}", "      \\n\\n\\n 0123456", "0123…")]
    [InlineData("{{ text | shorten: 5 }}", "              ", "")]
    [InlineData("{{ text | shorten: 4 }}", "e\u0301\u0301\u0301\u0301\u0301\u0301x", "e\u0301\u0301…")]
    [InlineData("{{ text | shorten: 8, unit: \"octets\" }}", "e\u0301\u0301\u0301\u0301\u0301\u0301x", "e\u0301\u0301…")]
    [InlineData("{{ text | shorten: 9 }}", "👨‍👩‍👧👨‍👩‍👧", "👨‍👩‍👧…")]
    [InlineData("{{ text | shorten: 3 }}", "🏎🏎", "🏎…")]
    [InlineData("{{ text | shorten: 16, unit: \"octets\" }}", "🏎🏎", "🏎…")]
    [InlineData("{{ text | shorten: 9, unit: \"octets\" }}", "กกกก", "กก…")]
    [InlineData("{{ text | shorten: 12, unit: \"octets\" }}", "กกกก", "กกกก")]
    public void Should_be_shortened_between_characters(string body, string text, string printed) =>
        _folder.Body(body).Fill($$"""{ "text": "{{text}}" }""").ShouldBe(printed);

    [Theory]
    [InlineData("{{ text | shorten }}")]
    [InlineData("{{ text | shorten: 0 }}")]
    [InlineData("{{ text | shorten: 1.5 }}")]
    [InlineData("{{ text | shorten: \"ten\" }}")]
    [InlineData("{{ text | shorten: text }}")]
    public void Should_say_how_a_text_is_shortened(string body) =>
        Should
            .Throw<TemplateException>(() => _folder.Body(body).Fill("""{ "text": "abc" }"""))
            .Message.ShouldContain("shorten needs the most characters");

    /// <summary>C: line breaks in Outlook, which knows no white-space.</summary>
    [Fact]
    public void Should_keep_its_lines_in_HTML_and_escape_them() =>
        _folder
            .Html("<p>{{ title | newline_to_br }}</p>{% render 'quote', text: title %}")
            .Write("_layout/quote.liquid", "<q>{{ text | newline_to_br }}</q>")
            .FillText("a <b>\r\nc\n\nd")
            .ShouldBe("<p>a &lt;b&gt;<br>\nc<br>\n<br>\nd</p><q>a &lt;b&gt;<br>\nc<br>\n<br>\nd</q>");

    [Theory]
    [InlineData("""{ "amount": "much", "currency": "THB" }""", "'total.amount' is not a number")]
    [InlineData("""{ "amount": 1 }""", "'total.currency' is missing")]
    [InlineData(
        """{ "amount": 0.123456789012345678901234567890123, "currency": "THB" }""",
        "'total.amount' has more digits than can be printed, and is not rounded"
    )]
    [InlineData("""{ "amount": 1e-30, "currency": "THB" }""", "'total.amount' has more digits than can be printed, and is not rounded")]
    [InlineData(
        """{ "amount": "79228162514264337593543950.3359", "currency": "THB" }""",
        "'total.amount' has more digits than can be printed, and is not rounded"
    )]
    [InlineData("""{ "amount": 79228162514264337593543950336, "currency": "THB" }""", "'total.amount' is not a number")]
    public void Should_name_what_is_no_money(string total, string reason) =>
        Should
            .Throw<TemplateException>(() => _folder.Body("{{ total | money }}").Fill($$"""{ "total": {{total}} }"""))
            .Message.ShouldBe($"test/push.en: {reason}");

    [Theory]
    [InlineData("590", "590")]
    [InlineData("590.50", "590.50")]
    [InlineData("12345678901234567890", "12345678901234567890")]
    [InlineData("0", "0")]
    [InlineData("true", "true")]
    [InlineData("\"สวัสดี\"", "สวัสดี")]
    public void Should_look_as_it_was_sent(string json, string text) =>
        _folder.Body("{{value}}").Fill($$"""{ "value": {{json}} }""").ShouldBe(text);

    [Fact]
    public void Should_be_a_text_and_not_an_object() =>
        Should
            .Throw<TemplateException>(() => _folder.Body("{{total}}").Fill("""{ "total": { "amount": 1 } }"""))
            .Message.ShouldBe("test/push.en: 'total' is a list or an object and cannot be printed as a whole");

    [Fact]
    public void Should_be_found_in_lists_and_objects() =>
        _folder
            .Body(
                "{% for line in lines %}{{ forloop.index0 }}:{{ line.name }}{% unless forloop.last %}, {% endunless %}{% endfor %} {% "
                    + "for entry in total %}{{ entry[0] }}={{ entry[1] }};{% endfor %} {{ lines[1].name }} {% for line in none "
                    + "%}x{% else %}-{% endfor %}"
            )
            .Fill("""{ "lines": [{ "name": "a" }, { "name": "b" }], "total": { "amount": 1, "currency": "THB" }, "none": [] }""")
            .ShouldBe("0:a, 1:b amount=1;currency=THB; b -");

    [Fact]
    public void Should_be_the_time_of_the_clock_when_it_is_now()
    {
        var templates = LiquidTemplates.Load(
            [_folder.Body("{{ \"now\" | date: \"%Y-%m-%d %H:%M\" }}").Path],
            TemplateFolder.Channels,
            clock: new FakeTimeProvider(A.Time)
        );

        (
            (NotificationBus.Channels.Push.PushContent)templates.Render("test", TemplateFolder.Push, null, null, TemplateFolder.Json("{}"))
        ).Body.ShouldBe("2026-03-14 09:26");
    }

    /// <summary>What Liquid says of a value is said of a variable, too.</summary>
    [Theory]
    [InlineData("{% if amount > 100 %}dear{% else %}cheap{% endif %}", "dear")]
    [InlineData("{% if amount >= 590.50 and amount <= 590.5 and amount < 1000 %}yes{% endif %}", "yes")]
    [InlineData("{% if status == 'paid' and status != 'sent' %}yes{% endif %}", "yes")]
    [InlineData("{% if status == other %}same{% else %}another{% endif %}", "another")]
    [InlineData("{% if 'paid' == status and 590.5 == amount and done == true %}yes{% endif %}", "yes")]
    [InlineData("{% if nothing > 1 or missing > 1 or missing < 1 or missing >= 1 %}x{% else %}none of it{% endif %}", "none of it")]
    [InlineData("{% if tags contains 'new' and status contains 'ai' %}yes{% endif %}", "yes")]
    [InlineData("{% if tags contains 'old' or nothing contains 'x' or missing contains 'x' %}x{% else %}no{% endif %}", "no")]
    [InlineData("{% case status %}{% when 'sent' %}on its way{% when 'paid', 'free' %}thanks{% else %}?{% endcase %}", "thanks")]
    [InlineData("{% case missing %}{% when 'sent' %}on its way{% else %}?{% endcase %}", "?")]
    [InlineData("{{ amount | times: 2 | plus: 1 }}", "1182.0")]
    [InlineData("{{ amount | round }} {{ amount | floor }} {{ amount | divided_by: 2.0 | localNumber }}", "590 590 295.25")]
    [InlineData(
        "{{ tags.size }} {{ tags | size }} {{ tags.first }} {{ tags | last }} {{ status | size }} {{ status.size }}",
        "2 2 new blue 4 4"
    )]
    [InlineData("{{ status | upcase }} {{ status | capitalize }} {{ status | url_encode }}", "PAID Paid paid")]
    [InlineData("{{ at | date: \"%d.%m.%Y %H:%M\" }} {{ day | date: \"%-d/%-m\" }}", "09.03.2026 17:30 9/3")]
    [InlineData(
        "{{ missing | default: \"nobody\" }} {{ empty | default: \"nobody\" }} {{ nothing | default: status }} {{ zero | default: "
            + "\"x\" }} {{ amount | default: \"x\" }}",
        "nobody nobody paid 0 590.50"
    )]
    [InlineData(
        "{% assign first = tags[0] %}{% assign of = lines[1] %}{{ first }} {{ of.name }} {{ lines[zero].name }} {{ "
            + "of['name'] }} {{ tags.1 }}",
        "new b a b blue"
    )]
    [InlineData(
        "{% for tag in tags reversed %}{{ tag }},{% endfor %} {% for n in (1..3) %}{{ n }}{% endfor %} {% for tag in tags limit: "
            + "1 %}{{ tag }}{% endfor %} {% for tag in tags offset: continue %}{{ tag }}{% endfor %}",
        "blue,new, 123 new blue"
    )]
    [InlineData(
        "a \n {{- status -}} \n b {%- if done -%} c {%- endif %}{% comment %} {{ d }} {% endcomment %}{% # no "
            + "%}{% raw %}{{ d }}{% endraw %}",
        "apaidbc{{ d }}"
    )]
    [InlineData(
        "{{ big }} {{ exact }} {{ exact | localNumber }} {{ amount }}",
        "123456789012345678901234567890123 0.1000000000000000055511151231 0.1000000000000000055511151231 590.50"
    )]
    public void Should_be_what_it_is_in_Liquid(string body, string text) =>
        _folder
            .Body(body)
            .Fill(
                """
                { "amount": 590.50, "status": "paid", "other": "sent", "done": true, "tags": ["new", "blue"],
                  "lines": [{ "name": "a" }, { "name": "b" }], "nothing": null, "empty": "", "zero": 0,
                  "at": "2026-03-09T17:30:00+07:00", "day": "2026-03-09",
                  "big": 123456789012345678901234567890123, "exact": 0.1000000000000000055511151231 }
                """
            )
            .ShouldBe(text);

    public void Dispose() => _folder.Dispose();
}
