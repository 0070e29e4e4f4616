using NotificationBus.Channels.Push;
using NotificationBus.Templates;

namespace NotificationBus.Tests.Templates;

public sealed class When_a_language_is_asked_for : IDisposable
{
    readonly TemplateFolder _folder = new();

    [Theory]
    [InlineData("th-TH", "th-TH")]
    [InlineData("TH-th", "th-TH")]
    [InlineData("th-TH-x-calendar", "th-TH")]
    [InlineData("th-LA", "th")]
    [InlineData("TH", "th")]
    [InlineData("de-CH", "en")]
    [InlineData("thai", "en")]
    [InlineData("-", "en")]
    [InlineData("", "en")]
    [InlineData(null, "en")]
    public void Should_go_from_the_exact_tag_to_the_language_to_the_default(string? locale, string language)
    {
        foreach (var written in new[] { "en", "th", "th-TH" })
            _folder.Write($"test/push.{written}.liquid", $"--- title\nt\n--- body\n{written}\n");

        ((PushContent)_folder.Load().Render("test", TemplateFolder.Push, locale, null, TemplateFolder.Json("{}"))).Body.ShouldBe(language);
    }

    [Fact]
    public void Should_be_written_in_the_default_language_at_least() =>
        Should
            .Throw<TemplateException>(() => _folder.Write("test/push.th.liquid", "--- title\nt\n--- body\nb\n").Load())
            .Message.ShouldStartWith("test/push.en.liquid is missing");

    public void Dispose() => _folder.Dispose();
}
