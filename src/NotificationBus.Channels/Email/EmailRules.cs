using System.Buffers;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using NotificationBus.Providers;

namespace NotificationBus.Channels.Email;

/// <summary>
/// Rules that every e-mail keeps, whoever sends it. Also checked where the values came in; here it is too late to trust anybody.
/// </summary>
static class EmailRules
{
    static readonly EmailChannel Email = new();

    // What ends a name, or begins a mailbox or a comment (RFC 5322, section 3.2.3).
    static readonly SearchValues<char> Structure = SearchValues.Create(",;:<>()[]@\\\"");

    static readonly SearchValues<char> LineBreakers = SearchValues.Create('\r', '\n', '\0');

    /// <summary>True when a value could end its header or its command, and start another.</summary>
    public static bool BreaksOut(string? value) => value.AsSpan().ContainsAny(LineBreakers);

    /// <summary>Refuses a delivery that is never to be sent; null when it may be.</summary>
    public static ProviderResult.Rejected? Refuse(Delivery delivery, EmailContent content, EmailSender sender) =>
        Email.Refuse(delivery.Address) is { } wrong ? new ProviderResult.Rejected(wrong, AddressIsWrong: true)
        : Email.Refuse(sender.From) is { } wrongSender ? new ProviderResult.Rejected($"From: {wrongSender}")
        : BreaksOut(sender.Name) ? new ProviderResult.Rejected("FromName has more than one line")
        : BreaksOut(content.Subject) ? new ProviderResult.Rejected("the subject has more than one line")
        : content.ReplyTo is { } replyTo && Email.Refuse(replyTo) is { } wrongReply ? new ProviderResult.Rejected($"replyTo: {wrongReply}")
        : content.Cc?.Select(Email.Refuse).OfType<string>().FirstOrDefault() is { } wrongCopy
            ? new ProviderResult.Rejected($"cc: {wrongCopy}")
        : MailHeaders.Of(delivery).Any(header => BreaksOut(header.Value)) ? new ProviderResult.Rejected("a header has more than one line")
        : null;

    /// <summary>Finds what is wrong with a sender in the settings.</summary>
    public static IEnumerable<ValidationResult> CheckSender(string from, string? fromName)
    {
        if (Email.Refuse(from) is { } wrong)
            yield return new ValidationResult(wrong, ["From"]);

        if (BreaksOut(fromName))
            yield return new ValidationResult("must be one line", ["FromName"]);
    }

    /// <summary>
    /// A name as it is shown beside a mailbox. It only decorates, and is never what a mail fails for: null where it has control characters,
    /// which no name has and some attacks do; cut, at a character as readers see it, where the vendor takes no more.
    /// </summary>
    public static string? NameOf(string? name, int longest = int.MaxValue) =>
        string.IsNullOrWhiteSpace(name) || name.Any(char.IsControl) ? null : Cut(name.Trim(), longest);

    /// <summary>The text, or as many of its characters as fit, with an ellipsis at the end.</summary>
    public static string Cut(string text, int longest)
    {
        if (text.Length <= longest)
            return text;

        var end = 0;
        for (int next; end < text.Length && end + (next = StringInfo.GetNextTextElementLength(text, end)) < longest; end += next) { }

        return $"{text.AsSpan(0, end).TrimEnd()}…";
    }

    /// <summary>
    /// A name for vendors that put it before the mailbox as it is, and then read both: quoted where a part of it could be taken for another
    /// mailbox.
    /// </summary>
    public static string? Phrase(string? name) => name is null || !name.AsSpan().ContainsAny(Structure) ? name : Quote(name);

    /// <summary>
    /// A mailbox as vendors read it, with the name before it; quoted where that could be read as something else (RFC 5322, section 3.2.3).
    /// Where the vendor takes no more than some characters of both, the name is cut, or left out.
    /// </summary>
    public static string Named(string? name, string address, int longest = int.MaxValue)
    {
        var (cut, named) = (name, Named(name, address));
        while (named.Length > longest && !string.IsNullOrWhiteSpace(cut))
        {
            var room = cut.Length - Math.Max(1, (named.Length - longest) / 2);
            cut = room > 1 ? Cut(name!, room) : null;
            named = Named(cut, address);
        }

        return named;
    }

    static string Named(string? name, string address) =>
        string.IsNullOrWhiteSpace(name) ? address
        : name.All(c => c == ' ' || char.IsLetterOrDigit(c) || c > '\x7f') ? $"{name} <{address}>"
        : $"{Quote(name)} <{address}>";

    static string Quote(string name) =>
        $"\"{name.Replace(@"\", @"\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}
