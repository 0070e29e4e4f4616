using NotificationBus.Channels.Email;
using NotificationBus.Sending;
using NotificationBus.Templates;

namespace NotificationBus.Tests.Templates;

public sealed class When_the_same_is_rendered_again
{
    const string Order = """{ "orderId": "4711", "product": "Bowl", "total": { "amount": 590, "currency": "THB" } }""";

    readonly HandlebarsTemplates _templates = HandlebarsTemplates.Load(TemplateFolder.Shipped, TemplateFolder.Channels);

    [Fact]
    public void Should_not_be_filled_again() =>
        Render().ShouldBeSameAs(Render());

    [Fact]
    public void Should_be_filled_for_another_name() =>
        ((EmailContent)Render(name: "Nok")).Text.ShouldNotBe(((EmailContent)Render()).Text);

    [Fact]
    public void Should_be_filled_without_a_name() =>
        ((EmailContent)Render(name: null)).Text.ShouldNotBe(((EmailContent)Render()).Text);

    [Fact]
    public void Should_be_filled_in_another_language() =>
        ((EmailContent)Render(locale: "th")).Subject.ShouldNotBe(((EmailContent)Render()).Subject);

    [Fact]
    public void Should_be_filled_for_another_channel() =>
        Render(channel: TemplateFolder.Push).ShouldNotBe(Render());

    [Fact]
    public void Should_be_filled_with_other_data() =>
        ((EmailContent)Render(data: Order.Replace("4711", "4712", StringComparison.Ordinal))).Subject.ShouldNotBe(((EmailContent)Render()).Subject);

    [Fact]
    public void Should_fail_again_when_something_is_missing()
    {
        for (var time = 0; time < 2; time++)
            Should.Throw<TemplateException>(() => Render(data: """{ "orderId": "4711" }""")).Message.ShouldContain("'product' is missing");
    }

    [Fact]
    public void Should_be_filled_again_when_it_is_large()
    {
        var large = Order.Replace("Bowl", new string('b', 5000), StringComparison.Ordinal);

        var (first, second) = (Render(data: large), Render(data: large));

        second.ShouldNotBeSameAs(first);
        second.ShouldBe(first);
    }

    Content Render(string data = Order, IChannel? channel = null, string locale = "en", string? name = "Som") =>
        _templates.Render("order-placed", channel ?? TemplateFolder.Email, locale, name, TemplateFolder.Json(data));
}
