using NotificationBus.Channels.Webhook;
using NotificationBus.Templates;

namespace NotificationBus.Tests.Templates;

public sealed class When_a_channel_sends_data : IDisposable
{
    static readonly WebhookChannel Webhook = new();

    readonly TemplateFolder _folder = new();

    [Fact]
    public void Should_need_no_template()
    {
        var templates = LiquidTemplates.Load(_folder.Path, [Webhook, TemplateFolder.Push]);

        templates.Has("test", "webhook").ShouldBeTrue();
        templates.Has("test", "push").ShouldBeFalse();
        var content = templates
            .Render("test", Webhook, "th", "Malee", TemplateFolder.Json("""{ "orderId": "4711" }"""))
            .ShouldBeOfType<WebhookContent>();
        content.Data.GetProperty("orderId").GetString().ShouldBe("4711");
    }

    [Fact]
    public void Should_refuse_a_template_that_nobody_would_read() =>
        Should
            .Throw<TemplateException>(() => LiquidTemplates.Load(_folder.Write("test/webhook.en.liquid", "").Path, [Webhook]))
            .Message.ShouldContain("the channel 'webhook' sends the data of the event and has no templates");

    public void Dispose() => _folder.Dispose();
}
