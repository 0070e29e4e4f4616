using NotificationBus.Templates;

namespace NotificationBus.Tests.Templates;

public sealed class When_a_template_file_is_broken : IDisposable
{
    readonly TemplateFolder _folder = new();

    [Theory]
    [InlineData("--- title\nt\n--- body\nb\n{{#if x}}\n{{#if y}}{{/if}}", 5, "'#if' is never closed")]
    [InlineData("--- title\nt\n--- body\nb\n{{/if}}", 5, "'/if' closes nothing that is open")]
    [InlineData("--- title\nt\n--- body\n{{#if x}}\n{{/each}}", 5, "'/each' closes nothing that is open")]
    [InlineData("--- title\nt {{x\n--- body\nb", 2, "'{{' without '}}'")]
    [InlineData("--- title\nt\n--- body\nb\n{{}}", 5, null)]
    [InlineData("--- title\n{{!-- {{#if x}}\n--}}t\n--- body\n{{#if x}}", 5, "'#if' is never closed")]
    [InlineData("--- title\nt\n--- subject\ns\n--- body\nb", 3, "the channel 'push' has no part 'subject'; it has title, body")]
    [InlineData("--- title\nt\n--- body\nb\n--- title\nt", 5, "the section 'title' is there twice")]
    [InlineData("--- title\nt", 2, "the section '--- body' is missing or empty")]
    [InlineData("--- title\nt\n--- body\n\n", 5, "the section '--- body' is missing or empty")]
    [InlineData("\nHello\n--- title\nt\n--- body\nb", 2, "text before the first section")]
    [InlineData("", 1, "the section '--- title' is missing or empty")]
    public void Should_stop_the_host_with_file_and_line(string text, int line, string? reason)
    {
        var message = Should.Throw<TemplateException>(() => _folder.Write("test/push.en.hbs", text).Load()).Message;
        message.ShouldStartWith($"{Path.Combine(_folder.Path, "test", "push.en.hbs")}:{line}: {reason}");
    }

    [Theory]
    [InlineData("test/push.hbs", "the name is not of the form channel.language.hbs")]
    [InlineData("test/fax.en.hbs", "there is no channel 'fax'; there are email, push, sms, chat")]
    [InlineData("push.en.hbs", "templates are in folders named after their category")]
    [InlineData("test/deeper/push.en.hbs", "templates are in folders named after their category")]
    [InlineData("_layout/frame.hbs", "'#if' is never closed")]
    public void Should_stop_the_host_with_the_name_of_the_file(string file, string reason)
    {
        var message = Should.Throw<TemplateException>(() => _folder.Write(file, "{{#if x}}").Load()).Message;
        message.ShouldStartWith(Path.Combine(_folder.Path, file));
        message.ShouldContain(reason);
    }

    [Fact]
    public void Should_stop_the_host_when_the_folder_is_not_there() =>
        Should.Throw<TemplateException>(() => HandlebarsTemplates.Load(Path.Combine(_folder.Path, "nope"), TemplateFolder.Channels))
            .Message.ShouldEndWith("there is no such folder of templates");

    [Fact]
    public void Should_not_mind_how_its_lines_end() =>
        _folder.Write("test/push.en.hbs", "--- title\r\nt\r\n--- body\r\n{{x}}\r\n").Fill("""{ "x": "y" }""").ShouldBe("y");

    public void Dispose() => _folder.Dispose();
}
