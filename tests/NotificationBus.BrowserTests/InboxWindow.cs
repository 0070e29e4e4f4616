using System.Collections.Concurrent;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace NotificationBus.BrowserTests;

/// <summary>A browser window at the inbox: what is to be seen in it, and what went on behind it.</summary>
public sealed class InboxWindow
{
    readonly ConcurrentQueue<string> _requests = new();
    readonly ConcurrentQueue<string> _complaints = new();
    readonly ConcurrentQueue<string> _dialogs = new();

    public InboxWindow(IPage page)
    {
        Page = page;
        page.Request += (_, request) => _requests.Enqueue(request.Url);
        page.RequestFailed += (_, request) => NoteFailure(request);
        page.Response += (_, response) => NoteRefusal(response);
        page.PageError += (_, error) => _complaints.Enqueue(error);
        page.Console += (_, message) => NoteError(message);
        page.Dialog += (_, dialog) => Refuse(dialog);
    }

    public IPage Page { get; }

    /// <summary>Every address this window asked for, pictures within pages (data:) left out.</summary>
    public IReadOnlyList<string> Requests => [.. _requests.Where(url => !url.StartsWith("data:", StringComparison.Ordinal))];

    /// <summary>Errors on the console, failed requests and refused ones.</summary>
    public IReadOnlyList<string> Complaints => [.. _complaints];

    /// <summary>The message boxes scripts have opened.</summary>
    public IReadOnlyList<string> Dialogs => [.. _dialogs];

    public ILocator Welcome => Page.GetByRole(AriaRole.Region, new() { Name = "Nothing caught yet" });

    public ILocator Command => Welcome.Locator("code");

    public ILocator List => Page.GetByRole(AriaRole.Listbox);

    /// <summary>The deliveries that pass the filters, from top to bottom.</summary>
    public ILocator Rows => Page.GetByRole(AriaRole.Option);

    public ILocator SelectedRow => Page.GetByRole(AriaRole.Option, new() { Selected = true });

    /// <summary>The delivery that is open.</summary>
    public ILocator Reading => Page.GetByRole(AriaRole.Region, new() { Name = "Delivery", Exact = true });

    public ILocator MailFrame => Reading.Locator("iframe");

    /// <summary>The e-mail as the recipient sees it, within its frame.</summary>
    public IFrameLocator Mail => Reading.FrameLocator("iframe");

    public ILocator PlainText => Reading.GetByLabel("Plain-text body");

    /// <summary>The notifications on the phone that is shown, from top to bottom.</summary>
    public ILocator Cards => Reading.GetByLabel("Notifications on this phone").GetByRole(AriaRole.Button);

    public ILocator ClearButton => Page.GetByRole(AriaRole.Button, new() { Name = "Clear" });

    /// <summary>What can be sent from the page itself.</summary>
    public ILocator Examples => Page.GetByRole(AriaRole.Region, new() { Name = "Examples" });

    public async Task OpenExamples()
    {
        await Page.GetByRole(AriaRole.Button, new() { Name = "Send" }).ClickAsync();
        await Expect(Examples).ToBeVisibleAsync();
    }

    public ILocator Search => Page.GetByRole(AriaRole.Searchbox);

    /// <summary>The button that shows one channel only, or all of them.</summary>
    public ILocator Filter(string channel) => Page.GetByRole(AriaRole.Group, new() { Name = "Channel" }).GetByText(channel);

    /// <summary>The rows of one channel; each names its channel to those who cannot see the icon.</summary>
    public ILocator RowsOf(string channel) => Rows.Filter(new() { HasText = channel });

    public async Task Visit(string address)
    {
        await Page.GotoAsync(address);
        await ShouldBeLive();
    }

    public Task ShouldBeLive() => Expect(Page.Locator("#live")).ToHaveTextAsync("Live");

    public async Task Clear()
    {
        await ClearButton.ClickAsync();
        await Expect(ClearButton).ToContainTextAsync("Clear all");
        await ClearButton.ClickAsync();
    }

    /// <summary>What a script that must not run would have written into the page.</summary>
    public Task<string?> Canary() => Page.EvaluateAsync<string?>("window.canary ?? null");

    void NoteFailure(IRequest request)
    {
        // Who opens another delivery while an e-mail still loads ends that load; nothing failed.
        if (request.Failure != "net::ERR_ABORTED")
            _complaints.Enqueue($"{request.Url}: {request.Failure}");
    }

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
}
