using System.Globalization;
using System.Text;

namespace NotificationBus.Channels.Email.Smtp;

/// <summary>The mail as it goes over the wire: ASCII, but for a mailbox that is not; lines end with CRLF.</summary>
static class MimeMessage
{
    /// <summary>Writes the mail. The same delivery gets the same Message-ID on every try, so that whoever gets it twice can tell.</summary>
    /// <param name="id">The delivery.</param>
    /// <param name="messageIdDomain">The domain of the Message-ID.</param>
    /// <param name="from">The sender.</param>
    /// <param name="to">The recipient.</param>
    /// <param name="content">Subject and bodies.</param>
    /// <param name="headers">Further header fields, in ASCII and of one line each.</param>
    /// <param name="date">When it is sent.</param>
    public static byte[] Write(Guid id, string messageIdDomain, Mailbox from, Mailbox to, EmailContent content, IReadOnlyList<KeyValuePair<string, string>> headers, DateTimeOffset date)
    {
        // "=_" occurs in no quoted-printable and no base64 text, so no body can contain its boundary.
        var boundary = $"=_{id:N}";
        var mail = new StringBuilder()
            .Append("Date: ").Append(date.ToUniversalTime().ToString("ddd, dd MMM yyyy HH:mm:ss '+0000'", CultureInfo.InvariantCulture)).Append("\r\n")
            .Append(HeaderText.Mailbox("From", from.Name, from.Address))
            .Append(HeaderText.Mailbox("To", to.Name, to.Address))
            .Append($"Message-ID: <{id:N}@{messageIdDomain}>\r\n")
            .Append(HeaderText.Unstructured("Subject", content.Subject))
            .AppendJoin("", headers.Select(header => HeaderText.Structured(header.Key, header.Value)))
            .Append("MIME-Version: 1.0\r\n")
            // RFC 3834: out-of-office answers to machines help nobody.
            .Append("Auto-Submitted: auto-generated\r\n")
            .Append($"Content-Type: multipart/alternative;\r\n boundary=\"{boundary}\"\r\n\r\n");

        // The last alternative is the one a reader prefers (RFC 2046 5.1.4).
        AppendPart(mail, boundary, "text/plain", content.Text);
        AppendPart(mail, boundary, "text/html", content.Html);
        mail.Append($"--{boundary}--\r\n");
        // Nothing in it is beyond ASCII but a mailbox that is (RFC 6532).
        return Encoding.UTF8.GetBytes(mail.ToString());
    }

    static void AppendPart(StringBuilder mail, string boundary, string type, string text)
    {
        var (encoding, lines) = BodyText.Encode(text);
        mail.Append($"--{boundary}\r\nContent-Type: {type}; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n{lines}\r\n");
    }
}

/// <summary>An address and the name beside it.</summary>
readonly record struct Mailbox(string? Name, string Address);
