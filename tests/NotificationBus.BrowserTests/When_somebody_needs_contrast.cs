using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace NotificationBus.BrowserTests;

public sealed class When_somebody_needs_contrast(Chromium chromium) : With_a_running_host(chromium)
{
    // The e-mail is the template's; and a script cannot look into its frame, which is the point of the frame.
    static readonly AxeRunContext ThePage = new() { Exclude = [new AxeSelector("iframe")] };

    static readonly AxeRunOptions Wcag = new()
    {
        RunOnly = new RunOnlyOptions { Type = "tag", Values = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"] },
    };

    [Theory]
    [InlineData(ColorScheme.Light)]
    [InlineData(ColorScheme.Dark)]
    public async Task Should_satisfy_WCAG_AA(ColorScheme scheme)
    {
        var window = await OpenInbox(new() { ColorScheme = scheme });
        await ShouldSatisfyWcag(window, "the empty inbox");

        await window.OpenExamples();
        await ShouldSatisfyWcag(window, "the examples");
        await window.Page.Keyboard.PressAsync("Escape");

        await PlaceOrder();
        await window.RowsOf("Email").ClickAsync();
        await Expect(window.Mail.GetByRole(AriaRole.Heading)).ToBeVisibleAsync();
        await ShouldSatisfyWcag(window, "an e-mail");

        await window.RowsOf("Push").ClickAsync();
        await Expect(window.Cards).ToHaveCountAsync(1);
        await ShouldSatisfyWcag(window, "a push");
    }

    static async Task ShouldSatisfyWcag(InboxWindow window, string shown)
    {
        var found = await window.Page.RunAxe(ThePage, Wcag);
        found
            .Violations.SelectMany(rule =>
                rule.Nodes.Select(node => $"{rule.Id} at {node.Target}: {string.Join("; ", node.Any.Select(check => check.Message))}")
            )
            .ShouldBeEmpty(shown);
    }
}
