using NotificationBus.Channels.Push;
using NotificationBus.Templates;

namespace NotificationBus.Tests.Templates;

public sealed class When_a_loop_names_its_elements : IDisposable
{
    // A context of Handlebars.Net counts its uses in a byte, and the pool begins with five of them.
    const int MoreThanAContextCanCount = 3 * 5 * 256;

    const string Person = "{{#if person}}{{person}}{{else}}nobody{{/if}}";

    readonly TemplateFolder _folder = new();

    [Theory]
    [InlineData("{{#each people as |person|}}{{person}}{{/each}}")]
    [InlineData("{{#each people as |person|}}{{#with ../people}}{{person}}{{/with}}{{/each}}")]
    [InlineData("{{#each people as |person|}}{{#each @nothing}}{{else}}{{person}}{{/each}}{{/each}}")]
    [InlineData("{{#with people.[0] as |person|}}{{person}}{{/with}}")]
    public void Should_not_show_them_to_the_next_recipient(string body)
    {
        var templates = _folder
            .Write("first/push.en.hbs", $"--- title\nt\n--- body\n{body}\n")
            .Write("next/push.en.hbs", $"--- title\nt\n--- body\n{{{{#each lines as |line|}}}}{Person}, {{{{#each ../lines as |again|}}}}{Person}{{{{/each}}}}{{{{/each}}}}\n")
            .Load();

        Fill("first", """{ "people": ["Malee"] }""").ShouldBe("Malee");
        for (var time = 0; time < MoreThanAContextCanCount; time++)
            Fill("next", """{ "lines": [1] }""").ShouldBe("nobody, nobody");

        string Fill(string category, string json) =>
            ((PushContent)templates.Render(category, TemplateFolder.Push, null, null, TemplateFolder.Json(json))).Body;
    }

    [Theory]
    [InlineData("{{#with}}x{{/with}}")]
    [InlineData("{{#with people people}}x{{/with}}")]
    public void Should_need_one_value_to_name(string body) =>
        Should.Throw<TemplateException>(() => _folder.Body(body).Fill("""{ "people": ["Malee"] }""")).Message.ShouldBe("test/push.en: {{#with …}} needs one value");

    /// <summary>The one other block of Handlebars.Net that puts a context back as it is.</summary>
    [Fact]
    public void Should_not_be_read_by_a_block_of_the_name_Handlebars_gives_to_a_missing_one() =>
        Should.Throw<TemplateException>(() => _folder.Body("{{#each people as |person blockHelperMissing|}}{{#blockHelperMissing}}{{/blockHelperMissing}}{{/each}}").Fill("""{ "people": ["Malee", "Nok"] }"""))
            .Message.ShouldBe("test/push.en: there is no helper 'blockHelperMissing'");

    public void Dispose() => _folder.Dispose();
}
