using NotificationBus.Channels.Push;

namespace NotificationBus.Tests.Templates;

public sealed class When_a_loop_names_its_elements : IDisposable
{
    // A context of Handlebars.Net counts its uses in a byte, and the pool begins with five of them.
    const int MoreThanAContextCanCount = 3 * 5 * 256;

    readonly TemplateFolder _folder = new();

    [Fact]
    public void Should_not_show_them_to_the_next_recipient()
    {
        var templates = _folder
            .Write("first/push.en.hbs", "--- title\nt\n--- body\n{{#each people as |person|}}{{person}}{{/each}}\n")
            .Write("next/push.en.hbs", "--- title\nt\n--- body\n{{#each lines as |line|}}{{#if person}}{{person}}{{else}}nobody{{/if}}{{/each}}\n")
            .Load();

        Fill("first", """{ "people": ["Malee"] }""").ShouldBe("Malee");
        for (var time = 0; time < MoreThanAContextCanCount; time++)
            Fill("next", """{ "lines": [1] }""").ShouldBe("nobody");

        string Fill(string category, string json) =>
            ((PushContent)templates.Render(category, TemplateFolder.Push, null, null, TemplateFolder.Json(json))).Body;
    }

    public void Dispose() => _folder.Dispose();
}
