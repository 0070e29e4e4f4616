using System.Collections.Frozen;
using System.Net;

namespace NotificationBus.Model;

/// <summary>
/// What the recipient is told, as the producer gives it instead of the values of a template: by channel, and there by the parts that a
/// template of the channel would fill.
/// </summary>
public static class GivenContent
{
    /// <summary>What <see cref="NotificationState.TemplateVersion"/> says of a notification whose content was given.</summary>
    public const string Version = "given";

    /// <summary>The HTML of an e-mail may be left out: then it is made of the text.</summary>
    const string MadeOf = "text";

    // Of what is no part, in what is said of it.
    const int LongestName = 100;

    /// <summary>Finds what is wrong with the parts for one channel.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="parts">The parts by their names.</param>
    /// <param name="at">Where they stand.</param>
    public static IEnumerable<Breach> Check(IChannel channel, IReadOnlyDictionary<string, string> parts, string at)
    {
        if (channel.Parts.Count == 0)
        {
            yield return new Breach(at, $"cannot be given: the channel {channel.Name} sends data");
            yield break;
        }

        string[] names = [.. channel.Parts.Select(part => part.Name)];
        foreach (var name in parts.Keys.Where(name => !names.Contains(name, StringComparer.Ordinal)))
            yield return new Breach($"{at}.{ShortText.Of(name, LongestName)}", Spelling.Unknown(name, names));

        foreach (var part in channel.Parts)
        {
            if (parts.TryGetValue(part.Name, out var text))
            {
                if (Refuse(part, text) is { } refusal)
                    yield return new Breach($"{at}.{part.Name}", refusal);
            }
            // Of one that could be made of another nothing is said beside that one: it may be left out.
            else if (!(part.IsHtml && channel.Parts.Any(other => other.Name == MadeOf)))
            {
                yield return new Breach($"{at}.{part.Name}", "is missing");
            }
        }
    }

    /// <summary>Turns what was given for a channel into what a provider sends.</summary>
    /// <param name="channel">The channel, which has parts.</param>
    /// <param name="parts">The parts, of which <see cref="Check"/> has found nothing wrong.</param>
    /// <exception cref="Templates.TemplateException">It is nothing this channel may send.</exception>
    public static Content On(IChannel channel, IReadOnlyDictionary<string, string> parts)
    {
        var whole = channel.Parts.ToFrozenDictionary(
            part => part.Name,
            part => parts.TryGetValue(part.Name, out var text) ? text : HtmlOf(parts[MadeOf]),
            StringComparer.Ordinal
        );
        var content = channel.Fill(whole);
        content.FilledWith = [.. channel.Parts.Select(part => new ContentPart(part.Name, whole[part.Name]))];
        return content;
    }

    static string? Refuse(TemplatePart part, string? text) =>
        string.IsNullOrWhiteSpace(text) ? "must not be empty"
        : text.Length > part.Longest ? $"must be at most {part.Longest} characters"
        : text.Any(character => char.IsControl(character) && (part.IsOneLine || character is not ('\n' or '\r' or '\t')))
            ? part.IsOneLine ? "must be one line without control characters"
                : "must have no control characters but line breaks and tabs"
        : null;

    static string HtmlOf(string text) =>
        $"<!DOCTYPE html><html><body><div style=\"white-space:pre-wrap\">{WebUtility.HtmlEncode(text)}</div></body></html>";
}
