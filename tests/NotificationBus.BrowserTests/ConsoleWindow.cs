using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace NotificationBus.BrowserTests;

/// <summary>A browser window at the console: what is to be seen in it, and what went on behind it.</summary>
public sealed partial class ConsoleWindow
{
    readonly string _origin;
    readonly ConcurrentQueue<string> _requests = new();
    readonly ConcurrentQueue<string> _complaints = new();
    readonly ConcurrentQueue<string> _dialogs = new();

    public ConsoleWindow(IPage page, string origin)
    {
        (Page, _origin) = (page, origin);
        page.Request += (_, request) => _requests.Enqueue(request.Url);
        page.Response += (_, response) => NoteRefusal(response);
        page.PageError += (_, error) => _complaints.Enqueue(error);
        page.Console += (_, message) => NoteError(message);
        page.Dialog += (_, dialog) => Refuse(dialog);
    }

    public IPage Page { get; }

    /// <summary>Every address this window asked for, pictures within pages (data:) left out.</summary>
    public IReadOnlyList<string> Requests => [.. _requests.Where(url => !url.StartsWith("data:", StringComparison.Ordinal))];

    /// <summary>Errors and warnings on the console, what a policy kept back among them, and refused requests.</summary>
    public IReadOnlyList<string> Complaints => [.. _complaints];

    /// <summary>The message boxes scripts have opened.</summary>
    public IReadOnlyList<string> Dialogs => [.. _dialogs];

    /// <summary>What the page is called.</summary>
    public ILocator Heading => Page.GetByRole(AriaRole.Heading, new() { Level = 1 });

    /// <summary>The one field.</summary>
    public ILocator Field => Page.GetByRole(AriaRole.Searchbox, new() { Name = "Find a notification" });

    public ILocator Main => Page.Locator("main");

    public ILocator MenuLinks => Page.Locator("#menu li a");

    public ILocator Sheet => Page.GetByRole(AriaRole.Dialog);

    public async Task Visit(string path)
    {
        await Page.GotoAsync($"{_origin}{path}");
        await ShouldBeLive();
    }

    public Task ShouldBeLive() => Expect(Page.Locator(".shell[data-live=on]")).ToBeVisibleAsync();

    /// <summary>Writes into the one field and presses Enter.</summary>
    public async Task Ask(string question)
    {
        await Field.FillAsync(question);
        await Field.PressAsync("Enter");
    }

    /// <summary>Says why in the sheet that is open, and presses its button.</summary>
    public async Task Confirm(string why)
    {
        await Sheet.GetByLabel("Why, for the record").FillAsync(why);
        await Sheet.Locator(".button.is-primary, .button.is-danger").ClickAsync();
        await Expect(Sheet).ToHaveCountAsync(0);
    }

    /// <summary>
    /// Waits until the window is at an address. Asked again and again: Playwright's own wait for it does not hear of a way that a page goes
    /// between its look at the address and its listening.
    /// </summary>
    public Task ShouldBeAt(Regex address) => Expect(Page).ToHaveURLAsync(address);

    /// <summary>Waits until one notification is shown.</summary>
    public Task ShouldShowANotification() => ShouldBeAt(Notification());

    /// <summary>What a script that must not run would have written into the page.</summary>
    public Task<string?> Canary() => Page.EvaluateAsync<string?>("window.canary ?? null");

    void NoteRefusal(IResponse response)
    {
        if (response.Status >= 400)
            _complaints.Enqueue($"{response.Url}: {response.Status}");
    }

    void NoteError(IConsoleMessage message)
    {
        if (message.Type is "error" or "warning")
            _complaints.Enqueue(message.Text);
    }

    void Refuse(IDialog dialog)
    {
        _dialogs.Enqueue(dialog.Message);
        _ = dialog.DismissAsync();
    }

    [GeneratedRegex("/notifications/[0-9a-f-]{36}$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Notification();
}
