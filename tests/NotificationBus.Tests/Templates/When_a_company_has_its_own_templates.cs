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
        var templates = Load(_folder.Write("announcement/push.en.liquid", "--- title\nOurs\n--- body\n{{text}}\n"));

        Push(templates, "en").Title.ShouldBe("Ours");
        Push(templates, "th").Title.ShouldBe("News");
        templates.Categories.Contains("order-placed", StringComparer.Ordinal).ShouldBeTrue();
    }

    [Fact]
    public void Should_put_their_name_on_the_shipped_ones()
    {
        var templates = Load(_folder.Write("_layout/product-name.liquid", "Silk & Co"));

        var email = (EmailContent)
            templates.Render("announcement", TemplateFolder.Email, "en", null, TemplateFolder.Json("""{ "title": "News", "text": "x" }"""));
        email.Html.ShouldContain("Silk & Co");
        email.Html.ShouldNotContain("NotificationBus");
    }

    /// <summary>The shipped e-mails say the shop's name, not ours.</summary>
    [Theory]
    [InlineData("Silk & Co", null, "#c0ffee", "Silk &amp; Co", "<span style=\"color:#c0ffee;\">")]
    [InlineData("{{title}} {% raw %}{{", null, "#c0ffee", "{{title}} {% raw %}{{", "<span style=\"color:#c0ffee;\">")]
    [InlineData(
        "ร้านผ้าไหม",
        "https://shop.example/logo.png?a=1&b=2",
        "#2f6bff",
        "ร้านผ้าไหม",
        "<img src=\"https://shop.example/logo.png?a=1&amp;b=2\""
    )]
    public void Should_show_the_brand_of_the_settings(string name, string? logo, string color, string shown, string mark)
    {
        var templates = LiquidTemplates.Load(
            [TemplateFolder.Shipped],
            TemplateFolder.Channels,
            brand: new BrandOptions
            {
                Name = name,
                Logo = logo,
                Color = color,
            }
        );

        var email = (EmailContent)
            templates.Render(
                "chat-message-sent",
                TemplateFolder.Email,
                "en",
                null,
                TemplateFolder.Json("""{ "conversationId": "1", "text": "x" }""")
            );
        email.Html.ShouldContain(shown);
        email.Html.ShouldContain(mark);
        email.Html.ShouldContain($"border-left:4px solid {color};");
        email.Html.ShouldNotContain("NotificationBus");
    }

    [Fact]
    public void Should_name_nobody_when_no_brand_is_set()
    {
        var html = (
            (EmailContent)
                LiquidTemplates
                    .Load(TemplateFolder.Shipped, TemplateFolder.Channels)
                    .Render("announcement", TemplateFolder.Email, "en", null, TemplateFolder.Json("""{ "title": "News", "text": "x" }"""))
        ).Html;

        html.ShouldNotContain("NotificationBus");
        html.ShouldNotContain("&#9679;");
        html.ShouldContain("4px solid #2f6bff");
    }

    [Theory]
    [InlineData("a\nb", null, "#2f6bff", "must be at most 100 characters on one line")]
    [InlineData("a", "http://shop.example/logo.png", "#2f6bff", "must be the https URL of a picture")]
    [InlineData("a", "javascript:alert(1)", "#2f6bff", "must be the https URL of a picture")]
    [InlineData("a", null, "red;}", "must be # and six hexadecimal digits, such as #2f6bff")]
    public void Should_not_start_with_a_brand_that_is_none(string name, string? logo, string color, string error) =>
        new BrandOptions
        {
            Name = name,
            Logo = logo,
            Color = color,
        }
            .Validate(null!)
            .ShouldHaveSingleItem()
            .ErrorMessage.ShouldBe(error);

    [Fact]
    public void Should_add_categories_and_languages()
    {
        var templates = Load(
            _folder
                .Write("announcement/push.de.liquid", "--- title\nNeuigkeiten\n--- body\n{{text}}\n")
                .Write("welcome/push.en.liquid", "--- title\nWelcome\n--- body\nHello\n")
        );

        Push(templates, "de-CH").Title.ShouldBe("Neuigkeiten");
        templates.Categories.Contains("welcome", StringComparer.Ordinal).ShouldBeTrue();
    }

    static LiquidTemplates Load(TemplateFolder own) => LiquidTemplates.Load([TemplateFolder.Shipped, own.Path], TemplateFolder.Channels);

    static PushContent Push(LiquidTemplates templates, string locale) =>
        (PushContent)
            templates.Render(
                "announcement",
                TemplateFolder.Push,
                locale,
                null,
                TemplateFolder.Json("""{ "title": "News", "text": "x" }""")
            );

    public void Dispose() => _folder.Dispose();
}
