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
        }
    }

    /// <inheritdoc />
    [JsonIgnore]
    public override IReadOnlyList<ContentPart> Parts => [new("subject", Subject), new("text", Text), new("html", Html)];

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
