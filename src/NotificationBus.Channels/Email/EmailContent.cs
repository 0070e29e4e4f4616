using System.Net;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using NotificationBus.Model;

namespace NotificationBus.Channels.Email;

/// <summary>An e-mail: one subject and the same text twice, as HTML and plain.</summary>
/// <param name="Subject">One line.</param>
/// <param name="Html">The body with variables escaped.</param>
/// <param name="Text">The body for readers without HTML.</param>
public sealed partial record EmailContent(string Subject, string Html, string Text) : Content
{
    /// <summary>The name of the part with <see cref="ReplyTo"/>.</summary>
    public const string ReplyToPart = "replyTo";

    /// <summary>The name of the part with <see cref="Cc"/>.</summary>
    public const string CcPart = "cc";

    /// <summary>The name of the part with <see cref="Attachments"/>.</summary>
    public const string AttachmentsPart = "attachments";

    /// <summary>The mailbox that answers go to; null for the sender's.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ReplyTo { get; init; }

    /// <summary>Mailboxes that are sent a copy; null for none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Cc { get; init; }

    /// <summary>Files; null for none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<EmailAttachment>? Attachments { get; init; }

    /// <inheritdoc />
    /// <remarks>Some of it may stand only in the HTML, and some only in the addresses of its links.</remarks>
    [JsonIgnore]
    public override IEnumerable<string> Texts
    {
        get
        {
            yield return Subject;
            yield return Text;
            yield return WebUtility.HtmlDecode(Tag().Replace(Hidden().Replace(Html, " "), " "));
            foreach (Match link in Link().Matches(Html))
                yield return WebUtility.HtmlDecode(link.Groups["address"].Value);
            foreach (var mailbox in (Cc ?? []).Append(ReplyTo).OfType<string>())
                yield return mailbox;
            foreach (var file in Attachments ?? [])
                yield return file.Url;
        }
    }

    /// <inheritdoc />
    [JsonIgnore]
    public override IReadOnlyList<ContentPart> Parts =>
        [new("subject", Subject), new("text", Text), new("html", Html), .. EmailExtrasParts.Write(ReplyTo, Cc, Attachments)];

    /// <inheritdoc />
    [JsonIgnore]
    public override IEnumerable<string> Extras => EmailExtrasParts.Write(ReplyTo, Cc, Attachments).Select(part => part.Name);

    /// <inheritdoc />
    [JsonIgnore]
    public override IReadOnlyList<FileReference> Files =>
        Attachments is null ? [] : [.. Attachments.Select(file => new FileReference(file.Url, file.Name, file.ContentType))];

    /// <inheritdoc />
    public override Content With(IReadOnlyList<FetchedFile> files) =>
        this with
        {
            Attachments = [.. Attachments!.Zip(files, (file, fetched) => file with { Fetched = fetched })],
        };

    /// <inheritdoc />
    public bool Equals(EmailContent? other) => base.Equals(other) && Parts.SequenceEqual(other.Parts);

    /// <inheritdoc />
    public override int GetHashCode() => HashCode.Combine(Subject, Html, Text);

    // Between these stands no text that anybody reads.
    [GeneratedRegex(@"<style[^>]*>[^<]*</style>", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex Hidden();

    [GeneratedRegex(@"<[^>]*>", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Tag();

    [GeneratedRegex(
        @"\s(href|src|alt|title)\s*=\s*(""(?<address>[^""]*)""|'(?<address>[^']*)')",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking
    )]
    private static partial Regex Link();
}

/// <summary>A file that is attached to an e-mail.</summary>
/// <param name="Url">The URL it is fetched from.</param>
/// <param name="Name">The name readers see.</param>
/// <param name="ContentType">The type it must have; null for the one it is answered with.</param>
public sealed record EmailAttachment(string Url, string Name, string? ContentType)
{
    /// <summary>The file, once it was fetched.</summary>
    [JsonIgnore]
    public FetchedFile? Fetched { get; init; }

    /// <summary>The type it is sent with.</summary>
    [JsonIgnore]
    internal string Type => Fetched?.ContentType ?? ContentType ?? EmailExtrasRules.Unknown;

    /// <summary>The octets, as vendors take them in JSON.</summary>
    [JsonIgnore]
    internal string Base64 => Convert.ToBase64String(Octets.Span);

    /// <summary>The octets.</summary>
    [JsonIgnore]
    internal ReadOnlyMemory<byte> Octets => Fetched?.Octets ?? ReadOnlyMemory<byte>.Empty;

    /// <summary>The kind, and never the URL, which may be a key to the file.</summary>
    public override string ToString() => nameof(EmailAttachment);
}
