using System.Text.Json;
using NotificationBus.Channels.Chat.Providers;
using NotificationBus.Providers;
using NotificationBus.Tests.Channels.Http;
using NotificationBus.Tests.Channels.Vendors;

namespace NotificationBus.Tests.Channels.Chat.Providers;

public sealed class When_Teams_sends : Any_vendor_of_recipients_endpoints<When_Teams_sends>, IVendorSituation
{
    const string Signature = "Zk3fVqjT0n1c8yQm2pXw5aBs7dHu9eLr4gKo6iNtPvE";
    const string Path =
        "/workflows/8f2c4c4d9a7b4a4f/triggers/manual/paths/invoke?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig="
        + Signature;

    public static bool EndpointIsRecipients => true;

    public static bool StatusSaysItAll => true;

    public static IEnumerable<VendorAnswer> Answers =>
        [
            new("the workflow has begun", "202 Accepted", "", Outcome.Accepted)
            {
                Headers = "x-ms-workflow-run-id: 08584512\r\n",
                MessageId = "08584512",
            },
            new("a workflow with an answer of its own", "200 OK", "", Outcome.Accepted),
            new("not what the trigger wants", "400 Bad Request", """{"error":{"code":"TriggerInputSchemaMismatch"}}""", Outcome.Declined)
            {
                Says = "TriggerInputSchemaMismatch",
            },
            new("another signature", "401 Unauthorized", """{"error":{"code":"DirectApiAuthorizationRequired"}}""", Outcome.Rejected),
            new("forbidden", "403 Forbidden", "", Outcome.Rejected),
            new("no such workflow", "404 Not Found", """{"error":{"code":"WorkflowNotFound"}}""", Outcome.Rejected)
            {
                AddressIsWrong = true,
            },
            new("gone", "410 Gone", "", Outcome.Rejected) { AddressIsWrong = true },
            new("too large", "413 Content Too Large", "", Outcome.Declined),
            new("too often", "429 Too Many Requests", "", Outcome.Unavailable)
            {
                OnlyThisDelivery = true,
                Headers = "Retry-After: 5\r\n",
                RetryAfter = TimeSpan.FromSeconds(5),
            },
            new("bad gateway", "502 Bad Gateway", "", Outcome.InDoubt),
        ];

    public static IReadOnlyList<string> Secrets => [Signature];

    public static Delivery ADelivery => Message.To($"teams:https://prod-12.westeurope.logic.azure.com:443{Path}");

    public static IProvider Create(string url, TimeSpan timeout, TimeProvider clock) =>
        new TeamsProvider("teams", new TeamsOptions { Url = url, Timeout = timeout }, clock);

    [Fact]
    public async Task Should_post_a_card_whose_text_is_only_text()
    {
        Vendor.Answers("202 Accepted");

        await Provider().Send(Message.To(ADelivery.Address, "New order\n\n[free](https://evil.example) <at>all</at>"), Cancellation);

        var (head, body) = Vendor.Requests.ShouldHaveSingleItem();
        head.ShouldStartWith($"POST {Path} HTTP/1.1");
        var json = JsonElement.Parse(body);
        json.GetProperty("type").GetString().ShouldBe("message");
        var attachment = json.GetProperty("attachments").EnumerateArray().ShouldHaveSingleItem();
        attachment.GetProperty("contentType").GetString().ShouldBe("application/vnd.microsoft.card.adaptive");
        var card = attachment.GetProperty("content");
        card.GetProperty("type").GetString().ShouldBe("AdaptiveCard");
        var blocks = card.GetProperty("body").EnumerateArray().ToList();
        blocks.ShouldAllBe(block => block.GetProperty("type").GetString() == "RichTextBlock");
        blocks
            .Select(block => block.GetProperty("inlines")[0].GetProperty("text").GetString())
            .ShouldBe(["New order", " ", "[free](https://evil.example) <at>all</at>"]);
    }

    /// <summary>C: chat text is shown as written: what Adaptive Cards work out within a run stands in two.</summary>
    [Theory]
    [InlineData("{{DATE(2026-01-01T00:00:00Z, SHORT)}}")]
    [InlineData("{{TIME(2026-01-01T00:00:00Z)}} {{{DATE(2026-01-01T00:00:00Z)}}}")]
    [InlineData("{{{{{{")]
    public async Task Should_work_nothing_out(string text)
    {
        Vendor.Answers("202 Accepted");

        await Provider().Send(Message.To(ADelivery.Address, text), Cancellation);

        var runs = JsonElement
            .Parse(Vendor.Requests.ShouldHaveSingleItem().Body)
            .GetProperty("attachments")[0]
            .GetProperty("content")
            .GetProperty("body")[0]
            .GetProperty("inlines")
            .EnumerateArray()
            .Select(run => run.GetProperty("text").GetString()!)
            .ToList();
        string.Concat(runs).ShouldBe(text);
        runs.ShouldAllBe(run => !run.Contains("{{", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(27_000, true)]
    [InlineData(28 * 1024, false)]
    public async Task Should_post_no_card_that_is_too_large(int length, bool sent)
    {
        Vendor.Answers("202 Accepted");

        var result = await Provider().Send(Message.To(ADelivery.Address, new string('x', length)), Cancellation);

        (result is ProviderResult.Accepted).ShouldBe(sent);
        Vendor.Requests.Count.ShouldBe(sent ? 1 : 0);
    }

    /// <summary>C: line breaks alone are not what a text is too long for.</summary>
    [Theory]
    [InlineData(1_000)]
    [InlineData(5_000)]
    public async Task Should_post_many_lines(int lines)
    {
        Vendor.Answers("202 Accepted");
        var text = string.Join('\n', Enumerable.Repeat("ab", lines));

        (await Provider().Send(Message.To(ADelivery.Address, text), Cancellation)).ShouldBeOfType<ProviderResult.Accepted>();

        var body = Vendor.Requests.ShouldHaveSingleItem().Body;
        System.Text.Encoding.UTF8.GetByteCount(body).ShouldBeLessThanOrEqualTo(28 * 1024);
        var blocks = JsonElement.Parse(body).GetProperty("attachments")[0].GetProperty("content").GetProperty("body").EnumerateArray();
        string.Join(
                '\n',
                blocks.Select(block =>
                    string.Concat(block.GetProperty("inlines").EnumerateArray().Select(run => run.GetProperty("text").GetString()))
                )
            )
            .ShouldBe(text);
    }

    [Theory]
    [InlineData(
        "https://0a1b.environment.api.powerplatform.com:443/powerautomate/automations/direct/workflows/1/triggers/manual/paths/invoke",
        true
    )]
    [InlineData("https://logic.azure.com.evil.example/workflows/1", false)]
    public async Task Should_call_nobody_else(string url, bool called)
    {
        Vendor.Answers("202 Accepted");

        var result = await Provider().Send(Message.To($"teams:{url}"), Cancellation);

        (result is ProviderResult.Accepted).ShouldBe(called);
    }
}
