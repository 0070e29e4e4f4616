using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Templates;

namespace NotificationBus.Channels.Sms;

/// <summary>A text message to the recipient's phone.</summary>
public sealed class SmsChannel : IChannel
{
    /// <inheritdoc />
    public string Name => "sms";

    /// <inheritdoc />
    public int? AddressLimit => 100;

    /// <inheritdoc />
    public IReadOnlyList<TemplatePart> Parts { get; } = [new("text") { Longest = 1_600 }];

    /// <inheritdoc />
    public IEnumerable<string> AddressesOf(Contact recipient) => string.IsNullOrEmpty(recipient.Phone) ? [] : [recipient.Phone];

    /// <inheritdoc />
    public string? Refuse(string address) => PhoneNumber.Read(address).Refusal;

    /// <inheritdoc />
    public string? CountryOf(string address) => PhoneNumber.Read(address).Country;

    /// <inheritdoc />
    /// <remarks>
    /// No alphabet of text messages has the ellipsis. Spaces that do not break stand in numbers of some languages, and no alphabet of text
    /// messages has them: one would halve what fits into a part.
    /// </remarks>
    public Content Fill(IReadOnlyDictionary<string, string> parts) =>
        parts["text"].Replace('\u00a0', ' ').Replace('\u202f', ' ').Replace("…", "...", StringComparison.Ordinal).Trim()
            is { Length: > 0 } text
            ? SmsContent.Of(text)
            : throw new TemplateException("the text is empty");
}
