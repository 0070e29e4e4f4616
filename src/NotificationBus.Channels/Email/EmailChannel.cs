using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Templates;

namespace NotificationBus.Channels.Email;

/// <summary>Mail to the recipient's mailbox.</summary>
public sealed class EmailChannel : IChannel
{
    /// <inheritdoc />
    public string Name => "email";

    /// <inheritdoc />
    public int? AddressLimit => 100;

    /// <inheritdoc />
    public IReadOnlyList<TemplatePart> Parts { get; } =
    [new("subject") { IsOneLine = true, Longest = 500 }, new("text"), new("html", IsHtml: true) { Longest = 200_000 }];

    /// <inheritdoc />
    public IEnumerable<string> AddressesOf(Contact recipient) =>
        string.IsNullOrEmpty(recipient.Email) ? [] : [MailboxAddress.Parse(recipient.Email)?.ToString() ?? recipient.Email];

    /// <inheritdoc />
    public string? Refuse(string address) =>
        address.Length > MailboxAddress.Longest ? $"the mailbox is longer than {MailboxAddress.Longest} characters (RFC 5321)"
        : MailboxAddress.Parse(address) is null ? "the mailbox is not of the form local@domain"
        : null;

    /// <inheritdoc />
    /// <remarks>The local part may tell capitals apart (RFC 5321 2.4), and no server of today does.</remarks>
    public string Canonical(string address) => MailboxAddress.Parse(address)?.Canonical ?? address.ToLowerInvariant();

    /// <inheritdoc />
    public Content Fill(IReadOnlyDictionary<string, string> parts)
    {
        // A line break here would start a header of the sender's choosing.
        var subject = parts["subject"].Trim();
        if (subject.AsSpan().IndexOfAny('\r', '\n', '\0') >= 0)
            throw new TemplateException("the subject has more than one line");

        return new EmailContent(subject, parts["html"], parts["text"])
        {
            ReplyTo = parts.GetValueOrDefault(EmailContent.ReplyToPart),
            Cc = EmailExtrasParts.ReadCc(parts.GetValueOrDefault(EmailContent.CcPart)),
            Attachments = EmailExtrasParts.ReadAttachments(parts.GetValueOrDefault(EmailContent.AttachmentsPart)),
        };
    }

    /// <inheritdoc />
    public IEnumerable<Breach> CheckExtras(MessageExtras extras, Contact recipient) =>
        extras.Email is { } email ? EmailExtrasRules.Check(this, email, recipient) : [];

    /// <inheritdoc />
    public IReadOnlyList<ContentPart> ExtrasOf(MessageExtras extras) => extras.Email is { } email ? EmailExtrasParts.Write(email) : [];
}
