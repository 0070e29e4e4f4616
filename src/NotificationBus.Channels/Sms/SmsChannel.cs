using System.Text.RegularExpressions;

using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Templates;

namespace NotificationBus.Channels.Sms;

/// <summary>A text message to the recipient's phone.</summary>
public sealed partial class SmsChannel : IChannel
{
    /// <inheritdoc />
    public string Name => "sms";

    /// <inheritdoc />
    public IReadOnlyList<TemplatePart> Parts { get; } = [new("text")];

    /// <inheritdoc />
    public IEnumerable<string> AddressesOf(Contact recipient) =>
        string.IsNullOrEmpty(recipient.Phone) ? [] : [recipient.Phone];

    /// <inheritdoc />
    public string? Refuse(string address) =>
        E164().IsMatch(address) ? null : "the number is not in E.164 form, such as +66812345678";

    /// <inheritdoc />
    public string? CountryOf(string address) => CallingCodes.CountryOf(address);

    /// <inheritdoc />
    /// <remarks>
    /// No alphabet of text messages has the ellipsis. Spaces that do not break stand in numbers of some languages, and no alphabet of text
    /// messages has them: one would halve what fits into a part.
    /// </remarks>
    public Content Fill(IReadOnlyDictionary<string, string> parts) =>
        parts["text"].Replace('\u00a0', ' ').Replace('\u202f', ' ').Replace("…", "...", StringComparison.Ordinal).Trim() is { Length: > 0 } text ? SmsContent.Of(text) : throw new TemplateException("the text is empty");

    // ITU-T E.164: at most 15 digits, the first of a country code is not 0.
    [GeneratedRegex(@"\A\+[1-9][0-9]{6,14}\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex E164();
}
