using System.Buffers;
using System.Globalization;
using System.Net.Mime;
using NotificationBus.Channels.Http;
using NotificationBus.Contracts;
using NotificationBus.Model;

namespace NotificationBus.Channels.Email;

/// <summary>What an e-mail may carry besides its text.</summary>
static class EmailExtrasRules
{
    const int MostCopies = 10;
    const int MostFiles = 10;
    const int LongestName = 150;

    static readonly SearchValues<char> OfPaths = SearchValues.Create("/\\:*?\"<>|");

    public static IEnumerable<Breach> Check(EmailChannel channel, EmailExtras email, Contact recipient)
    {
        if (email.ReplyTo is { } replyTo && channel.Refuse(replyTo) is { } wrong)
            yield return new Breach("email.replyTo", wrong);

        foreach (var breach in Copies(channel, email.Cc ?? [], recipient))
            yield return breach;

        var files = email.Attachments ?? [];
        if (files.Count > MostFiles)
            yield return new Breach("email.attachments", $"must be at most {MostFiles} files");
        foreach (var (index, file) in files.Take(MostFiles).Index())
        {
            var at = $"email.attachments[{index}]";
            if (file is null)
            {
                yield return new Breach(at, "must be an object");
                continue;
            }

            // Whether private networks are allowed is the setting's to say, which whoever fetches it knows.
            if (AddressGuard.Refuse(file.Url ?? "", allowPrivateAddresses: true) is { } badUrl)
                yield return new Breach($"{at}.url", badUrl);
            if (RefuseName(file.Name) is { } badName)
                yield return new Breach($"{at}.name", badName);
            if (file.ContentType is { } type && !IsType(type))
                yield return new Breach(
                    $"{at}.contentType",
                    "must be a media type of one file without parameters, such as application/pdf"
                );
        }
    }

    /// <summary>True for the type of a file that may stand in a mail: what is of several parts is read as more than one.</summary>
    public static bool IsType(string type)
    {
        const string Token = "!#$&-^_.+";
        var slash = type.IndexOf('/', StringComparison.Ordinal);
        return type.Length <= 100
            && slash > 0
            && slash < type.Length - 1
            && type.Where((_, at) => at != slash).All(c => char.IsAsciiLetterOrDigit(c) || Token.Contains(c, StringComparison.Ordinal))
            && !type.StartsWith("multipart/", StringComparison.OrdinalIgnoreCase)
            && !type.StartsWith("message/", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>The type of what has none, or one that may not stand in a mail.</summary>
    public const string Unknown = MediaTypeNames.Application.Octet;

    static IEnumerable<Breach> Copies(EmailChannel channel, IReadOnlyList<string> copies, Contact recipient)
    {
        if (copies.Count > MostCopies)
            yield return new Breach("email.cc", $"must be at most {MostCopies} mailboxes");

        // Vendors refuse a mail that names one mailbox twice.
        var seen = new HashSet<string>(StringComparer.Ordinal);
        if (recipient.Email is { } to)
            seen.Add(channel.Canonical(to));
        foreach (var (index, copy) in copies.Take(MostCopies).Index())
        {
            if ((copy is null ? "the mailbox is empty" : channel.Refuse(copy)) is { } wrong)
                yield return new Breach($"email.cc[{index}]", wrong);
            else if (!seen.Add(channel.Canonical(copy!)))
                yield return new Breach($"email.cc[{index}]", "the mailbox is the recipient's, or stands there twice");
        }
    }

    // No reader may take it for a path, or for a file of another kind.
    static string? RefuseName(string? name) =>
        string.IsNullOrWhiteSpace(name) || name.Length > LongestName ? $"must be 1 to {LongestName} characters"
        : name.AsSpan().ContainsAny(OfPaths) || name.Trim('.', ' ') != name ? "must be the name of a file, without a path"
        : name.Any(c =>
            char.IsControl(c)
            || CharUnicodeInfo.GetUnicodeCategory(c)
                is UnicodeCategory.Format
                    or UnicodeCategory.LineSeparator
                    or UnicodeCategory.ParagraphSeparator
        )
            ? "must be one line without control characters"
        : PlainText.IsName(name, LongestName) ? null
        : "must be text";
}
