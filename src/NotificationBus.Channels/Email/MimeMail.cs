using System.Text;
using MimeKit;
using MimeKit.IO;
using MimeKit.IO.Filters;
using MimeKit.Utils;
using NotificationBus.Providers;

namespace NotificationBus.Channels.Email;

/// <summary>The mail as it goes over the wire: ASCII, but for a mailbox that is not.</summary>
static class MimeMail
{
    /// <summary>Lines of at most 76 characters, as those with an encoded word must have (RFC 2047, section 2).</summary>
    // MimeKit does not count the name of a field before a mailbox, nor quite all before an encoded word.
    public static readonly FormatOptions Format = new() { MaxLineLength = 68, NewLineFormat = NewLineFormat.Dos };

    // The prefix of a label that is encoded, as we write it, and as MimeKit does not decode it. It would encode it again by the rules of
    // 2003, which lead to another domain for some; and its mapping is one for the whole process, which is not ours. Capitals say nothing in
    // a domain (RFC 5890, section 2.3.2.1).
    const string Encoded = "xn--";
    const string Undecoded = "XN--";

    /// <summary>
    /// Composes the mail. The same delivery gets the same Message-ID on every try, so that whoever gets it twice can tell.
    /// </summary>
    /// <param name="delivery">The delivery; its content is an e-mail.</param>
    /// <param name="messageIdDomain">The domain of the Message-ID.</param>
    /// <param name="from">The sender.</param>
    /// <param name="to">The recipient.</param>
    /// <param name="date">When it is sent.</param>
    public static MimeMessage Compose(
        Delivery delivery,
        string messageIdDomain,
        MimeKit.MailboxAddress from,
        MimeKit.MailboxAddress to,
        DateTimeOffset date
    )
    {
        var content = (EmailContent)delivery.Content;
        return new MimeMessage([
            Field("Date", DateUtils.FormatDate(date.ToUniversalTime())),
            Field("From", from),
            Field("To", to),
            .. (content.Cc is null ? [] : (Header[])[Field("Cc", content.Cc)]),
            .. (content.ReplyTo is { } replyTo ? (Header[])[Field("Reply-To", Mailbox(name: null, replyTo))] : []),
            Field("Message-ID", $"<{delivery.Id:N}@{messageIdDomain}>"),
            Subject(content.Subject),
            .. MailHeaders.Of(delivery).Select(header => Field(header.Key, header.Value)),
            Field("MIME-Version", "1.0"),
            // RFC 3834: out-of-office answers to machines help nobody.
            Field("Auto-Submitted", "auto-generated"),
        ])
        {
            // The last alternative is the one a reader prefers (RFC 2046 5.1.4). "=_" occurs in no quoted-printable and no base64 text, so
            // no body can contain its boundary.
            Body = WithFiles(
                new MultipartAlternative(Part("plain", content.Text), Part("html", content.Html)) { Boundary = $"=_{delivery.Id:N}" },
                content.Attachments ?? [],
                delivery
            ),
        };
    }

    // The boundary around must not begin as the one within does.
    static MimeEntity WithFiles(MimeEntity text, IReadOnlyList<EmailAttachment> files, Delivery delivery)
    {
        if (files.Count == 0)
            return text;

        var mixed = new Multipart("mixed") { Boundary = $"=_files_{delivery.Id:N}" };
        mixed.Add(text);
        foreach (var file in files)
        {
            mixed.Add(
                new MimePart(ContentType.Parse(file.Type))
                {
                    Content = new MimeContent(new MemoryStream(file.Octets.ToArray(), writable: false)),
                    ContentDisposition = new ContentDisposition(ContentDisposition.Attachment),
                    ContentTransferEncoding = ContentEncoding.Base64,
                    FileName = file.Name,
                }
            );
        }

        return mixed;
    }

    /// <summary>The octets of a mail.</summary>
    public static byte[] Octets(MimeMessage mail)
    {
        using var octets = new MemoryStream();
        mail.WriteTo(Format, octets);
        return octets.ToArray();
    }

    /// <summary>A mailbox and the name beside it.</summary>
    /// <exception cref="ArgumentException">
    /// It could end its command or its header: the last fence before the wire; whoever calls has refused it already.
    /// </exception>
    public static MimeKit.MailboxAddress Mailbox(string? name, string address)
    {
        if (EmailRules.BreaksOut(name) || EmailRules.BreaksOut(address))
            throw new ArgumentException("A mailbox is one line.", nameof(address));

        var parsed = MailboxAddress.Parse(address) ?? throw new ArgumentException("It is no mailbox.", nameof(address));
        var undecoded = $"{parsed.Local}@{parsed.Domain.Replace(Encoded, Undecoded, StringComparison.Ordinal)}";
        var mailbox = new MimeKit.MailboxAddress(Encoding.UTF8, string.IsNullOrWhiteSpace(name) ? null : name, undecoded);
        return mailbox.Address == undecoded
            ? mailbox
            : throw new ArgumentException("MimeKit takes it for another mailbox.", nameof(address));
    }

    static Header Field(string name, string value)
    {
        var field = new Header(Encoding.UTF8, name, "");
        field.SetValue(Format, Encoding.UTF8, value);
        return field;
    }

    static Header Subject(string text)
    {
        var field = Field("Subject", text);
        if (!IsTakenAsItIs(text))
            field.SetRawValue(Encoding.ASCII.GetBytes($" {EncodedWords(text)}\r\n"));
        return field;
    }

    static Header Field(string name, MimeKit.MailboxAddress mailbox)
    {
        var field = new Header(Encoding.UTF8, name, "");
        var value = IsTakenAsItIs(mailbox.Name ?? "")
            ? mailbox.ToString(Format, encode: true)
            : $"{EncodedWords(mailbox.Name!)}\r\n <{mailbox.Address}>";
        var domain = value.LastIndexOf('@');
        value = value[..domain] + value[domain..].Replace(Undecoded, Encoded, StringComparison.Ordinal);
        // Nothing in it is beyond ASCII but a mailbox that is (RFC 6532).
        field.SetRawValue(Encoding.UTF8.GetBytes($" {value}\r\n"));
        return field;
    }

    // One to a line, as each may be as long as one.
    static Header Field(string name, IReadOnlyList<string> mailboxes)
    {
        var field = new Header(Encoding.UTF8, name, "");
        var values = mailboxes.Select(mailbox =>
            Mailbox(name: null, mailbox).Address.Replace(Undecoded, Encoded, StringComparison.Ordinal)
        );
        field.SetRawValue(Encoding.UTF8.GetBytes($" {string.Join(",\r\n ", values)}\r\n"));
        return field;
    }

    // MimeKit leaves what looks like an encoded word alone, so that it would be decoded, and cuts or folds white space that says something.
    static bool IsTakenAsItIs(string text) =>
        !text.Contains("=?", StringComparison.Ordinal)
        && !text.Contains("  ", StringComparison.Ordinal)
        && !text.Any(char.IsControl)
        && text.Trim() == text;

    // A character must not be torn between two words (RFC 2047 section 5): each word is decoded on its own.
    static string EncodedWords(string text)
    {
        // With "Subject: " before it, a word of so many octets is no longer than a line.
        const int Room = 39;
        List<StringBuilder> words = [];
        var room = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.Utf8SequenceLength > room)
            {
                words.Add(new StringBuilder());
                room = Room;
            }

            words[^1].Append(rune);
            room -= rune.Utf8SequenceLength;
        }

        return string.Join("\r\n ", words.Select(word => $"=?utf-8?B?{Convert.ToBase64String(Encoding.UTF8.GetBytes($"{word}"))}?="));
    }

    static TextPart Part(string subtype, string text)
    {
        var part = new TextPart(subtype);
        // Bare CR or LF means different things to different servers, which is how a second mail is smuggled inside the first.
        part.SetText(
            Encoding.UTF8,
            text.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n').Replace("\n", "\r\n", StringComparison.Ordinal)
        );
        // Never as it is: servers on the way cut spaces off the end of a line, and long lines in two.
        part.ContentTransferEncoding =
            part.GetBestEncoding(EncodingConstraint.SevenBit) == ContentEncoding.Base64
                ? ContentEncoding.Base64
                : ContentEncoding.QuotedPrintable;

        // Once: a mail is written to be measured, to be signed, and to be sent.
        var encoded = new MemoryStream();
        using (var encoder = new FilteredStream(encoded))
        {
            encoder.Add(EncoderFilter.Create(part.ContentTransferEncoding));
            part.Content!.DecodeTo(encoder);
            encoder.Flush();
        }

        part.Content = new MimeContent(encoded, part.ContentTransferEncoding);
        return part;
    }
}
