using NotificationBus.Channels.Http;
using NotificationBus.Providers;

namespace NotificationBus.Channels.Chat.Providers;

/// <summary>Webhooks of Microsoft Teams workflows: <c>Providers:{account}</c>. There is nothing that must be set.</summary>
public sealed class TeamsOptions : HttpVendorOptions;

/// <summary>
/// Sends an Adaptive Card to a workflow that begins with "When a Teams webhook request is received", <c>teams:https://…</c>. 202 means that
/// the workflow has begun. Sources: learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook (28 KB,
/// four requests a second), /connectors/teams (the trigger) and adaptivecards.io/explorer/RichTextBlock.html.
/// </summary>
public sealed class TeamsProvider(string name, TeamsOptions options, TimeProvider clock) : ChatWebhookVendor(name, "teams", options, clock)
{
    const int LongestBody = 28 * 1024;

    /// <inheritdoc />
    protected override IReadOnlyList<string> Hosts { get; } = ["logic.azure.com", "api.powerplatform.com"];

    /// <inheritdoc />
    protected override int LongestText => LongestBody;

    /// <inheritdoc />
    protected override ProviderResult? Refuse(Delivery delivery) =>
        base.Refuse(delivery)
        ?? (
            Card(delivery).Headers.ContentLength > LongestBody
                ? new ProviderResult.Declined($"the card is longer than {LongestBody / 1024} KB")
                : null
        );

    /// <inheritdoc />
    protected override HttpRequestMessage Request(Delivery delivery) => Post(delivery, Card(delivery));

    /// <inheritdoc />
    protected override bool StatusSaysItAll(int status) => status == 202;

    /// <inheritdoc />
    protected override ProviderResult Translate(HttpAnswer answer, Delivery delivery) =>
        answer.Status switch
        {
            // 202 by itself; anything when the workflow has an answer of its own.
            >= 200 and < 300 when answer.Header("x-ms-workflow-run-id") is { } run => new ProviderResult.Accepted(run),
            202 => new ProviderResult.Accepted(null),
            200 when answer.Text.Trim().Length == 0 => new ProviderResult.Accepted(null),
            404 or 410 => new ProviderResult.Rejected($"{answer}", AddressIsWrong: true),
            // Of this one workflow: switched off, or its signature was renewed.
            401 or 403 => new ProviderResult.Rejected($"{answer}"),
            _ => ByStatus(answer),
        };

    // {{DATE(…)}} and {{TIME(…)}} are worked out within a run, and not across two:
    // learn.microsoft.com/adaptive-cards/authoring-cards/text-features.
    static string[] Runs(string line) =>
        line.Length == 0
            ? [" "]
            : line.Replace("{{", "{\0{", StringComparison.Ordinal).Replace("{{", "{\0{", StringComparison.Ordinal).Split('\0');

    // A block for each line, so that every version of Teams shows it. Where there are so many that only they make the card too large, one
    // for all.
    static HttpContent Card(Delivery delivery)
    {
        var text = TextOf(delivery);
        var card = Card(text.Split('\n'));
        return card.Headers.ContentLength > LongestBody && text.Contains('\n', StringComparison.Ordinal) ? Card([text]) : card;
    }

    // Runs of text are shown as they are; a TextBlock would read Markdown, and show links as something else.
    static HttpContent Card(IEnumerable<string> blocks) =>
        Json(
            new Dictionary<string, object>(StringComparer.Ordinal)
            {
                ["type"] = "message",
                ["attachments"] = new[]
                {
                    new
                    {
                        contentType = "application/vnd.microsoft.card.adaptive",
                        content = new
                        {
                            type = "AdaptiveCard",
                            version = "1.4",
                            body = blocks.Select(line => new
                            {
                                type = "RichTextBlock",
                                spacing = "none",
                                inlines = Runs(line.TrimEnd()).Select(run => new { type = "TextRun", text = run }),
                            }),
                        },
                    },
                },
            }
        );
}
