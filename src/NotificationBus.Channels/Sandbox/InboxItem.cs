using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Unicode;
using NotificationBus.Channels.Email;
using NotificationBus.Providers;

namespace NotificationBus.Channels.Sandbox;

/// <summary>A caught delivery as the page reads it.</summary>
sealed record InboxItem(
    long Number,
    DateTimeOffset At,
    string Channel,
    string Address,
    string? RecipientName,
    string Category,
    Guid NotificationId,
    Guid DeliveryId,
    object Content,
    bool IsCut = false,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? From = null
)
{
    // What a list shows of a delivery, with room to spare.
    const int LongestOfHead = 4_000;
    const int LongestTextOfHead = 1_000;

    /// <summary>Independent of the host's own options, for the page relies on the form. Thai stays readable in a terminal.</summary>
    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Encoder = JavaScriptEncoder.Create(UnicodeRanges.All),
    };

    /// <summary>The beginning of a delivery: lists and streams carry it to many readers, and a mail may be as long as a book.</summary>
    public static InboxItem HeadOf(CaughtDelivery caught)
    {
        var item = Of(caught);
        var content = JsonSerializer.SerializeToUtf8Bytes(item.Content, Json);
        return content.Length <= LongestOfHead ? item : item with { Content = Cut(content), IsCut = true };
    }

    public static InboxItem Of(CaughtDelivery caught)
    {
        var delivery = caught.Delivery;
        return new InboxItem(
            caught.Number,
            caught.At,
            delivery.Channel,
            delivery.Address,
            delivery.RecipientName,
            delivery.Category,
            delivery.NotificationId,
            delivery.Id,
            delivery.Content switch
            {
                // The HTML has an address of its own, where its policy holds it.
                EmailContent mail => new { mail.Subject, mail.Text },
                OtherContent other => other.Fields,
                var content => content,
            },
            From: delivery.Sender is { } sender ? Shown(sender) : null
        );
    }

    static string Shown(Sender sender) => sender.Name is { } name ? EmailRules.Named(name, sender.Address) : sender.Address;

    static Dictionary<string, string> Cut(byte[] content)
    {
        using var document = JsonDocument.Parse(content);
        return document
            .RootElement.EnumerateObject()
            .ToDictionary(property => property.Name, property => Cut($"{property.Value}"), StringComparer.Ordinal);
    }

    // Not between the halves of a pair.
    static string Cut(string text) =>
        text.Length <= LongestTextOfHead
            ? text
            : $"{text.AsSpan(0, char.IsHighSurrogate(text[LongestTextOfHead - 1]) ? LongestTextOfHead - 1 : LongestTextOfHead)}…";
}
