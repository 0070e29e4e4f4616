using NotificationBus.Channels.Email;
using NotificationBus.Channels.Push;
using NotificationBus.Templates;

namespace NotificationBus.Tests.Templates;

public sealed class When_a_company_has_its_own_templates : IDisposable
{
    readonly TemplateFolder _folder = new();

    [Fact]
    public void Should_use_them_in_place_of_the_shipped_ones()
    {
        var templates = Load(_folder.Write("announcement/push.en.hbs", "--- title\nOurs\n--- body\n{{text}}\n"));

        Push(templates, "en").Title.ShouldBe("Ours");
        Push(templates, "th").Title.ShouldBe("News");
        templates.Categories.Contains("order-placed", StringComparer.Ordinal).ShouldBeTrue();
    }

    [Fact]
    public void Should_put_their_name_on_the_shipped_ones()
    {
        var templates = Load(_folder.Write("_layout/product-name.hbs", "Silk & Co"));

        var email = (EmailContent)templates.Render("announcement", TemplateFolder.Email, "en", null, TemplateFolder.Json("""{ "title": "News", "text": "x" }"""));
        email.Html.ShouldContain("Silk & Co");
        email.Html.ShouldNotContain("NotificationBus");
    }

    [Fact]
    public void Should_add_categories_and_languages()
    {
        var templates = Load(_folder
            .Write("announcement/push.de.hbs", "--- title\nNeuigkeiten\n--- body\n{{text}}\n")
            .Write("welcome/push.en.hbs", "--- title\nWelcome\n--- body\nHello\n"));

        Push(templates, "de-CH").Title.ShouldBe("Neuigkeiten");
        templates.Categories.Contains("welcome", StringComparer.Ordinal).ShouldBeTrue();
    }

    static HandlebarsTemplates Load(TemplateFolder own) => HandlebarsTemplates.Load([TemplateFolder.Shipped, own.Path], TemplateFolder.Channels);

    static PushContent Push(HandlebarsTemplates templates, string locale) =>
        (PushContent)templates.Render("announcement", TemplateFolder.Push, locale, null, TemplateFolder.Json("""{ "title": "News", "text": "x" }"""));

    public void Dispose() => _folder.Dispose();
}
