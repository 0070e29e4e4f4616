using NotificationBus.Channels.Push;
using NotificationBus.Templates;

namespace NotificationBus.Tests.Templates;

public sealed class When_a_template_keeps_a_value : IDisposable
{
    // Buffers are used again; more often than any pool has of them.
    const int Often = 3 * 5 * 256;

    const string Person = "{% if person != blank %}{{ person }}{% else %}nobody{% endif %}";

    readonly TemplateFolder _folder = new();

    [Theory]
    [InlineData("{% for person in people %}{{ person }}{% endfor %}")]
    [InlineData("{% for person in people %}{% for again in people %}{{ person }}{% break %}{% endfor %}{% endfor %}")]
    [InlineData("{% for person in nobodies %}{% else %}{% assign person = people[0] %}{{ person }}{% endfor %}")]
    [InlineData("{% assign person = people.first %}{{ person }}")]
    [InlineData("{% capture person %}{{ people[0] }}{% endcapture %}{{ person }}")]
    [InlineData("{% render 'say', person: people[0] %}")]
    [InlineData("{% render 'keep', name: people[0] %}")]
    public void Should_not_show_it_to_the_next_recipient(string body)
    {
        var templates = _folder
            .Write("_layout/say.liquid", "{{ person }}")
            .Write("_layout/keep.liquid", "{% capture person %}{{ name }}{% endcapture %}{{ person }}")
            .Write("first/push.en.liquid", $"--- title\nt\n--- body\n{body}\n")
            .Write(
                "next/push.en.liquid",
                $"--- title\nt\n--- body\n{{% for line in lines %}}{Person}, {{% for again in lines %}}{Person}{{% endfor %}}{{% endfor "
                    + "%}{% capture x %}!{% endcapture %}{{ x }}\n"
            )
            .Load();

        Fill("first", """{ "people": ["Malee", "Nok"], "nobodies": [] }""").ShouldStartWith("Malee");
        for (var time = 0; time < Often; time++)
            Fill("next", """{ "lines": [1] }""").ShouldBe("nobody, nobody!");

        string Fill(string category, string json) =>
            ((PushContent)templates.Render(category, TemplateFolder.Push, null, null, TemplateFolder.Json(json))).Body;
    }

    /// <summary>What fails in the middle leaves nothing behind.</summary>
    [Fact]
    public void Should_not_show_it_after_an_error()
    {
        var templates = _folder
            .Write("_layout/keep.liquid", "{% capture inner %}{{ name }}{{ missing }}{% endcapture %}")
            .Write(
                "first/push.en.liquid",
                "--- title\nt\n--- body\n{% capture outer %}{{ person }}{% render 'keep', name: person %}{% endcapture %}\n"
            )
            .Write(
                "next/push.en.liquid",
                "--- title\nt\n--- body\n{% capture outer %}{% capture inner %}{{ line }}{% endcapture %}{{ inner }}{% endcapture "
                    + "%}{{ outer }}{{ inner }}\n"
            )
            .Load();

        for (var time = 0; time < 100; time++)
        {
            Should
                .Throw<TemplateException>(() => Fill("first", """{ "person": "Malee and all that she said" }"""))
                .Message.ShouldBe("first/push.en: 'missing' is missing");
            Fill("next", """{ "line": "a" }""").ShouldBe("aa");
        }

        string Fill(string category, string json) =>
            ((PushContent)templates.Render(category, TemplateFolder.Push, null, null, TemplateFolder.Json(json))).Body;
    }

    /// <summary>The parts of one template share no more than their data.</summary>
    [Fact]
    public void Should_not_show_it_to_the_next_part() =>
        Should
            .Throw<TemplateException>(() =>
                _folder
                    .Write(
                        "test/push.en.liquid",
                        "--- title\n{% assign x = 1 %}{% capture y %}1{% endcapture %}{{ x }}\n--- body\n{{ x }}\n"
                    )
                    .Fill("{}")
            )
            .Message.ShouldBe("test/push.en: 'x' is missing");

    public void Dispose() => _folder.Dispose();
}
