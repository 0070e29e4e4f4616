using NotificationBus.Channels.Email;
using NotificationBus.Templates;

namespace NotificationBus.Tests.Templates;

public sealed class When_many_threads_render
{
    [Fact]
    public void Should_give_each_its_own_text()
    {
        var templates = LiquidTemplates.Load(TemplateFolder.Shipped, TemplateFolder.Channels);

        Parallel.For(
            0,
            4000,
            new ParallelOptions { MaxDegreeOfParallelism = 16 },
            number =>
            {
                var data = TemplateFolder.Json(
                    $$"""{ "orderId": "A-{{number}}", "product": "P-{{number}}", "total": { "amount": {{number}}, "currency": "JPY" } }"""
                );
                var email = (EmailContent)
                    templates.Render("order-placed", TemplateFolder.Email, number % 2 == 0 ? "en" : "th", $"N-{number}", data);

                email.Subject.ShouldEndWith($"A-{number}: P-{number}");
                email.Text.ShouldContain($"N-{number}");
                email.Html.ShouldContain($">P-{number}<");
                email.Html.ShouldContain($">JPY {number:N0}<");
            }
        );
    }
}
