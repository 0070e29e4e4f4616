using System.Text.Json;
using NotificationBus.Contracts;
using NotificationBus.Model;

namespace NotificationBus.Channels.Email;

/// <summary>What an e-mail carries besides its text, as parts of its content.</summary>
static class EmailExtrasParts
{
    static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull,
    };

    public static IReadOnlyList<ContentPart> Write(EmailExtras email) =>
        Write(
            email.ReplyTo is { } replyTo ? Written(replyTo) : null,
            email.Cc?.Select(Written).ToList(),
            email.Attachments?.Select(file => new EmailAttachment(file.Url, file.Name, file.ContentType)).ToList()
        );

    public static IReadOnlyList<ContentPart> Write(string? replyTo, IReadOnlyList<string>? cc, IReadOnlyList<EmailAttachment>? attachments)
    {
        var parts = new List<ContentPart>(3);
        if (replyTo is not null)
            parts.Add(new ContentPart(EmailContent.ReplyToPart, replyTo));
        if (cc is { Count: > 0 })
            parts.Add(new ContentPart(EmailContent.CcPart, JsonSerializer.Serialize(cc, Json)));
        if (attachments is { Count: > 0 })
            parts.Add(new ContentPart(EmailContent.AttachmentsPart, JsonSerializer.Serialize(attachments, Json)));
        return parts;
    }

    public static IReadOnlyList<string>? ReadCc(string? part) =>
        part is null ? null : JsonSerializer.Deserialize<IReadOnlyList<string>>(part, Json);

    public static IReadOnlyList<EmailAttachment>? ReadAttachments(string? part) =>
        part is null ? null : JsonSerializer.Deserialize<IReadOnlyList<EmailAttachment>>(part, Json);

    static string Written(string mailbox) => MailboxAddress.Parse(mailbox)?.ToString() ?? mailbox;
}
