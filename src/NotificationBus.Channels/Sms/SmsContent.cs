using System.Text.Json.Serialization;
using NotificationBus.Model;

namespace NotificationBus.Channels.Sms;

/// <summary>A text message, and what it will be billed as.</summary>
/// <param name="Text">The text.</param>
/// <param name="Encoding">How its characters are sent.</param>
/// <param name="Segments">In how many parts it is sent.</param>
public sealed record SmsContent(string Text, SmsEncoding Encoding, int Segments) : Content
{
    /// <inheritdoc />
    [JsonIgnore]
    public override IEnumerable<string> Texts => [Text];

    /// <inheritdoc />
    [JsonIgnore]
    public override IReadOnlyList<ContentPart> Parts => [new("text", Text)];

    /// <inheritdoc />
    [JsonIgnore]
    public override int BilledParts => Segments;

    /// <summary>Measures the text.</summary>
    public static SmsContent Of(string text)
    {
        var (encoding, segments) = SmsLength.Of(text);
        return new SmsContent(text, encoding, segments);
    }
}
