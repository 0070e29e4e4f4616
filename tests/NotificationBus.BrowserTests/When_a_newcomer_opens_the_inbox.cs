using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace NotificationBus.BrowserTests;

public sealed partial class When_a_newcomer_opens_the_inbox(Chromium chromium, ITestOutputHelper output) : With_a_running_host(chromium)
{
    // The promise is a second; a busy machine that starts a browser meanwhile may take longer, and no test should fail for that.
    static readonly TimeSpan Soon = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task Should_show_a_command_to_try_with_this_very_host()
    {
        var window = await OpenInbox();

        await Expect(window.Welcome).ToBeVisibleAsync();
        await Expect(window.Command).ToContainTextAsync($"curl -s {new Uri(Host.Origin).Authority}/v1/events/order-placed");
        await Expect(window.ClearButton).ToBeHiddenAsync();
    }

    [Fact]
    public async Task Should_copy_exactly_that_command()
    {
        var window = await OpenInbox();

        var copied = await Copy(window);

        copied.ShouldNotContain("\n", customMessage: "a terminal would run the first line alone");
        var shown = (await window.Command.InnerTextAsync()).Replace("\\\n", "", StringComparison.Ordinal);
        WithoutBlanks(copied).ShouldBe(WithoutBlanks(shown));
    }

    [Fact]
    public async Task Should_show_what_the_command_caused_without_a_reload()
    {
        var window = await OpenInbox();
        var command = Curl().Match(await Copy(window));
        command.Success.ShouldBeTrue();
        using var body = new StringContent(command.Groups["body"].Value, Encoding.UTF8, command.Groups["type"].Value);
        using var client = new HttpClient();

        var posted = Stopwatch.GetTimestamp();
        using var answer = await client.PostAsync($"http://{command.Groups["address"].Value}", body);
        await window.RowsOf("Email").WaitForAsync(new LocatorWaitForOptions { Timeout = (float)Soon.TotalMilliseconds });
        await window.RowsOf("Push").WaitForAsync(new LocatorWaitForOptions { Timeout = (float)Soon.TotalMilliseconds });

        output.WriteLine($"E-mail and push visible {Stopwatch.GetElapsedTime(posted).TotalMilliseconds:F0} ms after the post");
        await Expect(window.Rows).ToHaveCountAsync(2);
        await Expect(window.Welcome).ToBeHiddenAsync();
    }

    static async Task<string> Copy(InboxWindow window)
    {
        await window.Page.Context.GrantPermissionsAsync(["clipboard-read", "clipboard-write"]);
        await window.Page.GetByRole(AriaRole.Button, new() { Name = "Copy" }).ClickAsync();
        await Expect(window.Page.GetByRole(AriaRole.Button, new() { Name = "Copied" })).ToBeVisibleAsync();
        return await window.Page.EvaluateAsync<string>("navigator.clipboard.readText()");
    }

    static string WithoutBlanks(string text) => string.Concat(text.Where(letter => !char.IsWhiteSpace(letter)));

    // As a shell would take it apart: one word, and two quoted ones.
    [GeneratedRegex(
        "^curl -s (?<address>[^ ']+) -H 'content-type: (?<type>[^']+)' -d '(?<body>[^']+)'$",
        RegexOptions.ExplicitCapture,
        1000
    )]
    private static partial Regex Curl();
}
