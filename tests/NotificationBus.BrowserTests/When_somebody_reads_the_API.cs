using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace NotificationBus.BrowserTests;

public sealed class When_somebody_reads_the_API(Chromium chromium) : With_a_running_host(chromium)
{
    [Fact]
    public async Task Should_show_what_there_is_and_ask_nobody_else()
    {
        var page = await NewPage();
        var (elsewhere, wrong) = (new List<string>(), new List<string>());
        page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith(Host.Origin, StringComparison.Ordinal) && new Uri(request.Url).Scheme is not ("data" or "blob"))
                elsewhere.Add(request.Url);
        };
        page.PageError += (_, error) => wrong.Add(error);

        await page.GotoAsync($"{Host.Origin}/docs");

        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "NotificationBus" }).First).ToBeVisibleAsync();
        await Expect(page.GetByText("Takes an event of a service, as the bus does.").First).ToBeVisibleAsync();
        elsewhere.ShouldBeEmpty();
        wrong.ShouldBeEmpty();
    }
}
