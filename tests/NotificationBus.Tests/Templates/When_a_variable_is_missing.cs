using NotificationBus.Templates;

namespace NotificationBus.Tests.Templates;

public sealed class When_a_variable_is_missing : IDisposable
{
    readonly TemplateFolder _folder = new();

    [Theory]
    [InlineData("{{product}}", "product")]
    [InlineData("{{total.vat}}", "total.vat")]
    [InlineData("{{total.vat.rate}}", "total.vat.rate")]
    [InlineData("{{nothing}}", "nothing")]
    [InlineData("{{recipient.name}}", "recipient.name")]
    [InlineData("{{ price | money }}", "price.amount")]
    [InlineData("{% for product in products %}x{% endfor %}", "products")]
    [InlineData("{% for line in lines %}{{ line.price }}{% endfor %}", "lines[1].price")]
    [InlineData("{% assign sum = total %}{{ sum.vat }}", "total.vat")]
    [InlineData("{{ total['vat'] }}", "total.vat")]
    [InlineData("{{ lines[7] }}", "lines[7]")]
    [InlineData("{{ product | upcase }}", "product")]
    [InlineData("{{ product | shorten: 5 }}", "product")]
    [InlineData("{{ 1 | plus: price }}", "price")]
    [InlineData("{% assign name = product %}{{ name }}", "product")]
    [InlineData("{% capture name %}{{ product }}{% endcapture %}", "product")]
    [InlineData("{% for line in lines %}{{ forloop.number }}{% endfor %}", "forloop.number")]
    public void Should_name_it_before_anything_is_sent(string body, string variable) =>
        Should
            .Throw<TemplateException>(() =>
                _folder.Body(body).Fill("""{ "nothing": null, "total": { "amount": 1 }, "lines": [{ "price": 1 }, {}] }""")
            )
            .Message.ShouldBe($"test/push.en: '{variable}' is missing");

    [Theory]
    [InlineData("{% render 'line', name: product %}")]
    [InlineData("{% capture content %}{{ product }}{% endcapture %}{% render 'frame', heading: 'x', content: content %}")]
    [InlineData(
        "{% capture content %}{% for x in product %}{% endfor %}{% endcapture %}{% render 'frame', heading: 'x', content: content %}"
    )]
    public void Should_name_it_inside_a_partial_too(string html) =>
        Should
            .Throw<TemplateException>(() =>
                _folder
                    .Write("_layout/line.liquid", "{{name}}")
                    .Write("_layout/frame.liquid", "{{ heading }}{{ content }}")
                    .Html(html)
                    .FillEmail("""{ "title": "t" }""")
            )
            .Message.ShouldBe("test/email.en: 'product' is missing");

    [Theory]
    [InlineData("{% if carrier %}by {{ carrier }}{% endif %}")]
    [InlineData("{% if recipient.name %}{{ recipient.name }}{% endif %}")]
    [InlineData("{% if total.vat.rate %}x{% endif %}")]
    [InlineData("{% if nothing %}x{% endif %}")]
    [InlineData("{% if carrier != blank or recipient.name != blank or total.vat.rate != blank or nothing != blank %}x{% endif %}")]
    [InlineData("{% if note != blank %}x{% endif %}")]
    [InlineData("{% if zero != 0 %}x{% endif %}")]
    [InlineData("{% if none != blank %}x{% endif %}")]
    [InlineData("{% unless carrier == nil %}x{% endunless %}")]
    [InlineData("{{ carrier | default: '' }}")]
    public void Should_be_no_error_to_ask_for_it(string body) =>
        _folder.Body($"a{body}b").Fill("""{ "nothing": null, "note": "", "zero": 0, "none": [] }""").ShouldBe("ab");

    [Fact]
    public void Should_print_what_was_asked_for_and_is_there() =>
        _folder
            .Body(
                "{% if carrier %}by {{ carrier }}{% endif %}{% unless late %}, in time{% endunless %} for {{ "
                    + "recipient.name | default: 'you' }}"
            )
            .Fill("""{ "carrier": "Thailand Post" }""", "Malee")
            .ShouldBe("by Thailand Post, in time for Malee");

    [Fact]
    public void Should_not_take_the_recipient_from_the_data() =>
        Should
            .Throw<TemplateException>(() => _folder.Body("{{recipient.name}}").Fill("""{ "recipient": { "name": "Mallory" } }"""))
            .Message.ShouldContain("'recipient.name' is missing");

    [Fact]
    public void Should_say_when_there_are_no_variables_at_all() =>
        Should.Throw<TemplateException>(() => _folder.Body("x").Fill("[]")).Message.ShouldBe("test/push.en: the data is not a JSON object");

    [Fact]
    public void Should_say_when_there_is_no_template() =>
        Should
            .Throw<TemplateException>(() =>
                _folder.Body("x").Load().Render("nope", TemplateFolder.Push, null, null, TemplateFolder.Json("{}"))
            )
            .Message.ShouldBe("there is no template for 'nope' on the channel 'push'");

    public void Dispose() => _folder.Dispose();
}
