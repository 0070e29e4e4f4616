using System.Net;

namespace NotificationBus.Tests.Host;

public sealed class When_the_entry_is_asked_for
{
    [Fact]
    public async Task Should_lead_to_the_inbox_where_it_is_shown()
    {
        await using var host = new RunningHost();
        await host.InitializeAsync();
        using var browser = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = host.Client.BaseAddress };

        using var answer = await browser.GetAsync(new Uri("/", UriKind.Relative), TestContext.Current.CancellationToken);

        (answer.StatusCode, $"{answer.Headers.Location}").ShouldBe((HttpStatusCode.Redirect, "/inbox"));
        (await host.Get("/inbox")).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Should_name_addresses_that_are_there_where_it_is_not()
    {
        await using var host = new RunningHost { Settings = ["--Inbox=false"] };
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
