using static Microsoft.Playwright.Assertions;

namespace NotificationBus.BrowserTests;

/// <summary>Escaping is the templates' part. This is what holds when one of them is written carelessly, or by an enemy.</summary>
public sealed class When_a_template_carries_a_script(Chromium chromium) : With_a_running_host(chromium)
{
    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("templates-");
    readonly Elsewhere _elsewhere = new();

    string Mail =>
        $$$"""
            --- subject
            A subject
            --- text
            A text
            --- html
            <h1>A heading</h1>
            <script>top.canary = 'script'; alert('script');</script>
            <img src="x" onerror="top.canary = 'image'; alert('image')">
            <img src="{{{_elsewhere.Origin}}}/pixel.png">
            <form action="{{{_elsewhere.Origin}}}/form"><button>Win</button></form>
            <a href="{{{_elsewhere.Origin}}}/link" target="_top">Go</a>
            {{product}}
            """;

    public override async ValueTask InitializeAsync()
    {
        var category = _folder.CreateSubdirectory("order-placed");
        await File.WriteAllTextAsync(Path.Combine(category.FullName, "email.en.liquid"), Mail);
        Host = await RunningHost.Start(settings: $"--Templates:Folder={_folder.FullName}");
        _folder.Delete(recursive: true); // They were read when the host started.
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _elsewhere.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Should_run_nothing_and_load_nothing()
    {
        var window = await OpenMail();

        (await window.Canary()).ShouldBeNull();
        window.Dialogs.ShouldBeEmpty();
        _elsewhere.WasCalled.ShouldBeFalse();
    }

    [Theory]
    [InlineData("Go")]
    [InlineData("Win")]
    public async Task Should_stay_where_it_is_whatever_is_clicked(string tempting)
    {
        var window = await OpenMail();

        await window.Mail.GetByText(tempting).ClickAsync();

        // The page still answers, with the mail in it.
        await window.RowsOf("Push").ClickAsync();
        await window.RowsOf("Email").ClickAsync();
        await Expect(window.Mail.GetByText("A heading")).ToBeVisibleAsync();
        _elsewhere.WasCalled.ShouldBeFalse();
        window.Page.Context.Pages.Count.ShouldBe(1);
    }

    async Task<InboxWindow> OpenMail()
    {
        var window = await OpenInbox();
        await PlaceOrder(locale: "en");
        await window.RowsOf("Email").ClickAsync();
        await Expect(window.Mail.GetByText("A heading")).ToBeVisibleAsync();
        return window;
    }
}
