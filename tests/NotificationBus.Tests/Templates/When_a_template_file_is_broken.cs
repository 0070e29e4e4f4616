using NotificationBus.Templates;

namespace NotificationBus.Tests.Templates;

public sealed class When_a_template_file_is_broken : IDisposable
{
    readonly TemplateFolder _folder = new();

    [Theory]
    [InlineData("--- title\nt\n--- body\nb\n{% if x %}\n{% if y %}{% endif %}", "5:1", "'if' is never closed")]
    [InlineData("--- title\nt\n--- body\nb\n a {% for x in y %}\n", "5:4", "'for' is never closed")]
    [InlineData("--- title\nt\n--- body\nb\n{% endif %}", "5:1", "'endif' closes nothing that is open")]
    [InlineData("--- title\nt\n--- body\n{% if x %}\n{% endfor %}", "5:1", "'endfor' closes nothing that is open")]
    [InlineData("--- title\nt {{x\n--- body\nb", "2:6", "End of tag '}}' was expected")]
    [InlineData("--- title\nt\n--- body\nb\n{{}}", "5:3", "A value was expected")]
    [InlineData("--- title\n{% comment %} {% if x %}\n{% endcomment %}t\n--- body\n{% if x %}", "5:1", "'if' is never closed")]
    [InlineData("--- title\nt\n--- body\nb\n{% assign x %}", "5:12", "'=' was expected after the identifier of 'assign'")]
    [InlineData("--- title\nt\n--- body\n{% if x %}\n{% elseif y %}{% endif %}", "5:1", "there is no tag 'elseif'; there are #, assign, ")]
    [InlineData("--- title\nt\n--- body\nb\n a{{#if x}}b{{/if}}", "5:3", "'{{#' is Handlebars, and templates are Liquid")]
    [InlineData("--- title\nt\n--- subject\ns\n--- body\nb", "3", "the channel 'push' has no part 'subject'; it has title, body")]
    [InlineData("--- title\nt\n--- body\nb\n--- title\nt", "5", "the section 'title' is there twice")]
    [InlineData("--- title\nt", "2", "the section '--- body' is missing or empty")]
    [InlineData("--- title\nt\n--- body\n\n", "5", "the section '--- body' is missing or empty")]
    [InlineData("\nHello\n--- title\nt\n--- body\nb", "2", "text before the first section")]
    [InlineData("", "1", "the section '--- title' is missing or empty")]
    public void Should_stop_the_host_with_file_and_line(string text, string place, string reason)
    {
        var message = Should.Throw<TemplateException>(() => _folder.Write("test/push.en.liquid", text).Load()).Message;
        message.ShouldStartWith($"{Path.Combine(_folder.Path, "test", "push.en.liquid")}:{place}: {reason}");
    }

    [Theory]
    [InlineData("test/push.liquid", "the name is not of the form channel.language.liquid")]
    [InlineData("test/fax.en.liquid", "there is no channel 'fax'; there are email, push, sms, chat")]
    [InlineData("push.en.liquid", "templates are in folders named after their category")]
    [InlineData("test/deeper/push.en.liquid", "templates are in folders named after their category")]
    [InlineData("_layout/frame.liquid", "'if' is never closed")]
    public void Should_stop_the_host_with_the_name_of_the_file(string file, string reason)
    {
        var message = Should.Throw<TemplateException>(() => _folder.Write(file, "{% if x %}").Load()).Message;
        message.ShouldStartWith(Path.Combine(_folder.Path, file));
        message.ShouldContain(reason);
    }

    [Fact]
    public void Should_stop_the_host_when_the_folder_is_not_there() =>
        Should
            .Throw<TemplateException>(() => LiquidTemplates.Load(Path.Combine(_folder.Path, "nope"), TemplateFolder.Channels))
            .Message.ShouldEndWith("there is no such folder of templates");

    /// <summary>Texts of an earlier version would not be found, and others be sent in their place.</summary>
    [Theory]
    [InlineData("test/push.en.hbs")]
    [InlineData("_layout/product-name.hbs")]
    public void Should_stop_the_host_when_it_is_of_the_language_before(string file) =>
        Should
            .Throw<TemplateException>(() => _folder.Body("x").Write(file, "{{x}}").Load())
            .Message.ShouldBe(
                $"{Path.Combine(_folder.Path, file)}: templates are Liquid and no longer Handlebars: "
                    + "rename every .hbs file to .liquid, and write its tags as docs/templates.md shows"
            );

    [Fact]
    public void Should_not_mind_how_its_lines_end() =>
        _folder.Write("test/push.en.liquid", "--- title\r\nt\r\n--- body\r\n{{x}}\r\n").Fill("""{ "x": "y" }""").ShouldBe("y");

    public void Dispose() => _folder.Dispose();
}
