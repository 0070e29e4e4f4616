using System.Net;

namespace NotificationBus.Tests.Host;

public sealed class When_the_entry_is_asked_for
{
    [Theory]
    [InlineData("/overview")]
    [InlineData("/inbox", "--Roles=api,worker")]
    public async Task Should_lead_a_browser_to_the_first_page_there_is(string page, params string[] settings)
    {
        await using var host = new RunningHost { Settings = settings };
        await host.InitializeAsync();
        using var browser = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = host.Client.BaseAddress };
        browser.DefaultRequestHeaders.Accept.ParseAdd("text/html,application/xhtml+xml,*/*;q=0.8");

        using var answer = await browser.GetAsync(new Uri("/", UriKind.Relative), TestContext.Current.CancellationToken);

        (answer.StatusCode, $"{answer.Headers.Location}").ShouldBe((HttpStatusCode.Redirect, page));
        (await host.Get(page)).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Should_name_addresses_that_are_there_to_everybody_else()
    {
        await using var host = new RunningHost();
        await host.InitializeAsync();

        var entries = (await host.Get("/"))
            .Json.EnumerateObject()
            .ToDictionary(entry => entry.Name, entry => entry.Value.GetString()!, StringComparer.Ordinal);

        entries.Keys.ShouldBe([
            "notifications",
            "events",
            "providers",
            "channels",
            "changes",
            "suppressions",
            "repairs",
            "failedMessages",
            "keys",
            "status",
            "health",
            "description",
            "docs",
        ]);
        foreach (var address in entries.Values.Where(address => !address.Contains('{', StringComparison.Ordinal)))
            (await host.Get(address)).Status.ShouldBe(HttpStatusCode.OK, address);
    }
}
