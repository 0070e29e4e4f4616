using System.Text.RegularExpressions;

using NotificationBus.Contracts;
using NotificationBus.Sending;
using NotificationBus.Templates;

namespace NotificationBus.Channels.Email;

/// <summary>Mail to the recipient's mailbox.</summary>
public sealed partial class EmailChannel : IChannel
{
    /// <inheritdoc />
    public string Name => "email";

    /// <inheritdoc />
    public IReadOnlyList<TemplatePart> Parts { get; } = [new("subject"), new("text"), new("html", IsHtml: true)];

    /// <inheritdoc />
    public IEnumerable<string> AddressesOf(Contact recipient) =>
        string.IsNullOrEmpty(recipient.Email) ? [] : [recipient.Email];

    /// <inheritdoc />
    public string? Refuse(string address) =>
        address.Length > 254 ? "the mailbox is longer than 254 characters (RFC 5321)"
        : Mailbox().IsMatch(address) ? null
        : "the mailbox is not of the form local@domain";

    /// <inheritdoc />
    /// <remarks>The local part may tell capitals apart (RFC 5321 2.4), and no server of today does.</remarks>
    public string Canonical(string address) => address.ToLowerInvariant();

    /// <inheritdoc />
    public Content Fill(IReadOnlyDictionary<string, string> parts)
    {
        // A line break here would start a header of the sender's choosing.
        var subject = parts["subject"].Trim();
        if (subject.AsSpan().IndexOfAny('\r', '\n', '\0') >= 0)
            throw new TemplateException("the subject has more than one line");

        return new EmailContent(subject, parts["html"], parts["text"]);
    }

    // Quoted local parts are legal and are where command injection hides (CVE-2026-30227): nobody's mailbox is refused by
    // asking for an unquoted one.
    [GeneratedRegex(@"\A[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Mailbox();
}
