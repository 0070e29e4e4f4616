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
    [InlineData("{{money price}}", "price.amount")]
    [InlineData("{{#each products}}x{{/each}}", "products")]
    [InlineData("{{#each lines}}{{price}}{{/each}}", "lines[1].price")]
    [InlineData("{{#with total}}{{vat}}{{/with}}", "total.vat")]
    [InlineData("{{lookup total 'vat'}}", "total.vat")]
    public void Should_name_it_before_anything_is_sent(string body, string variable) =>
        Should.Throw<TemplateException>(() => _folder.Body(body).Fill("""{ "nothing": null, "total": { "amount": 1 }, "lines": [{ "price": 1 }, {}] }"""))
            .Message.ShouldBe($"test/push.en: '{variable}' is missing");

    [Theory]
    [InlineData("{{> line name=product}}")]
    [InlineData("{{#> frame heading='x'}}{{product}}{{/frame}}")]
    [InlineData("{{#> frame heading='x'}}{{#each product}}{{/each}}{{/frame}}")]
    public void Should_name_it_inside_a_partial_too(string html) =>
        Should.Throw<TemplateException>(() => _folder
                .Write("_layout/line.hbs", "{{name}}")
                .Write("_layout/frame.hbs", "{{heading}}{{> @partial-block}}")
                .Html(html).FillEmail("""{ "title": "t" }"""))
            .Message.ShouldBe("test/email.en: 'product' is missing");

    [Theory]
    [InlineData("{{#if carrier}}by {{carrier}}{{/if}}")]
    [InlineData("{{#if recipient.name}}{{recipient.name}}{{/if}}")]
    [InlineData("{{#if total.vat.rate}}x{{/if}}")]
    [InlineData("{{#if nothing}}x{{/if}}")]
    [InlineData("{{#if empty}}x{{/if}}")]
    [InlineData("{{#if zero}}x{{/if}}")]
    [InlineData("{{#if none}}x{{/if}}")]
    [InlineData("{{#with carrier}}x{{/with}}")]
    public void Should_be_no_error_to_ask_for_it(string body) =>
        _folder.Body($"a{body}b").Fill("""{ "nothing": null, "empty": "", "zero": 0, "none": [] }""").ShouldBe("ab");

    [Fact]
    public void Should_print_what_was_asked_for_and_is_there() =>
        _folder.Body("{{#if carrier}}by {{carrier}}{{/if}}{{#unless late}}, in time{{/unless}} for {{#if recipient.name}}{{recipient.name}}{{else}}you{{/if}}")
            .Fill("""{ "carrier": "Thailand Post" }""", "Malee").ShouldBe("by Thailand Post, in time for Malee");

    [Fact]
    public void Should_not_take_the_recipient_from_the_data() =>
        Should.Throw<TemplateException>(() => _folder.Body("{{recipient.name}}").Fill("""{ "recipient": { "name": "Mallory" } }"""))
            .Message.ShouldContain("'recipient.name' is missing");

    [Fact]
    public void Should_say_when_there_are_no_variables_at_all() =>
        Should.Throw<TemplateException>(() => _folder.Body("x").Fill("[]")).Message.ShouldBe("test/push.en: the data is not a JSON object");

    [Fact]
    public void Should_say_when_there_is_no_template() =>
        Should.Throw<TemplateException>(() => _folder.Body("x").Load().Render("nope", TemplateFolder.Push, null, null, TemplateFolder.Json("{}")))
            .Message.ShouldBe("there is no template for 'nope' on the channel 'push'");

    public void Dispose() => _folder.Dispose();
}
