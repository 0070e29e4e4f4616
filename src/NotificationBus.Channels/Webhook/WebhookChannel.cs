using System.Text.Json;
using NotificationBus.Channels.Http;
using NotificationBus.Contracts;
using NotificationBus.Intake;
using NotificationBus.Model;

namespace NotificationBus.Channels.Webhook;

/// <summary>The data of the event, posted to a system of the recipient's own. There are no texts, and so no templates.</summary>
public sealed class WebhookChannel : IChannel
{
    /// <inheritdoc />
    public string Name => "webhook";

    /// <inheritdoc />
    public IReadOnlyList<TemplatePart> Parts => [];

    // The schedule of Standard Webhooks (spec/standard-webhooks.md, "Deliverability and reliability"), after the call that is made at once.
    /// <inheritdoc />
    public IReadOnlyList<TimeSpan> RedeliveryDelays { get; } =
    [
        TimeSpan.FromSeconds(5),
        TimeSpan.FromMinutes(5),
        TimeSpan.FromMinutes(30),
        TimeSpan.FromHours(2),
        TimeSpan.FromHours(5),
        TimeSpan.FromHours(10),
        TimeSpan.FromHours(14),
        TimeSpan.FromHours(20),
        TimeSpan.FromHours(24),
    ];

    /// <inheritdoc />
    public IEnumerable<string> AddressesOf(Contact recipient) => string.IsNullOrEmpty(recipient.WebhookUrl) ? [] : [recipient.WebhookUrl];

    // Whether http and private networks are allowed is the account's to say.
    /// <inheritdoc />
    public string? Refuse(string address) =>
        address.Length > TextLengths.Url
            ? $"the URL is longer than {TextLengths.Url} characters"
            : AddressGuard.Refuse(address, allowPrivateAddresses: true);

    /// <inheritdoc />
    public string Canonical(string address) => CanonicalUrl.Of(address);

    /// <inheritdoc />
    public Content Fill(IReadOnlyDictionary<string, string> parts) =>
        throw new NotSupportedException("The webhook channel has no templates");

    /// <inheritdoc />
    public Content Carry(JsonElement data) => new WebhookContent(data);
}
