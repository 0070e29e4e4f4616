using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

using HandlebarsDotNet;

using NotificationBus.Providers;

namespace NotificationBus.Channels.Http;

/// <summary>The body that is posted for a delivery: our own JSON, or what the account's template makes of it.</summary>
sealed partial class RequestBody
{
    const string Json = "application/json";
    const string Plain = "text/plain";
    const string Form = "application/x-www-form-urlencoded";

    // Written as they are, values would be markup of the body: a text could change the recipient.
    static readonly string[] Unescaped = ["{{{", "{{&", "{{~&", "{{~{"];

    // Where XML takes no escapes.
    static readonly string[] RawXml = ["<![CDATA[", "<!--"];

    readonly HandlebarsTemplate<object, object>? _template;
    readonly MediaTypeHeaderValue _contentType;

    /// <summary>Compiles the template.</summary>
    /// <exception cref="HandlebarsException">It is no template.</exception>
    public RequestBody(string? template, string? contentType)
    {
        _contentType = MediaTypeHeaderValue.Parse(contentType ?? Json);
        if (string.IsNullOrEmpty(template))
            return;

        _template = Handlebars.Create(new HandlebarsConfiguration { TextEncoder = new Escape(EscapeFor(_contentType.MediaType) ?? EscapeJson) }).Compile(template);
    }

    /// <summary>Checks that values stay in their place in the body: null when they do, else why they could get out.</summary>
    public static string? Refuse(string? template, string? contentType)
    {
        if (string.IsNullOrEmpty(template) || !MediaTypeHeaderValue.TryParse(contentType ?? Json, out var type))
            return null; // Of the type, something else complains.

        return Array.Find(Unescaped, raw => template.Contains(raw, StringComparison.Ordinal)) is { } found ? $"must not have {found}: what it names would be written as it is; use {{{{…}}}}"
            : EscapeFor(type.MediaType) is null ? $"cannot be escaped for {type.MediaType}: Headers:Content-Type must be of JSON, XML, application/x-www-form-urlencoded or text/plain"
            : type.CharSet is { Length: > 0 } charset && !"utf-8".Equals(charset.Trim('"'), StringComparison.OrdinalIgnoreCase) ? "is sent in UTF-8, and Headers:Content-Type names another charset"
            : IsPlain(type.MediaType!) && !OneText().IsMatch(template)
                ? "must be one {{…}} and nothing else for text/plain, in which nothing can be escaped: a text would reach into what stands beside it"
            : IsXml(type.MediaType!) && Array.Find(RawXml, raw => template.Contains(raw, StringComparison.Ordinal)) is { } section ? $"must not have {section}, in which nothing can be escaped"
            : null;
    }

    public HttpContent Of(Delivery delivery)
    {
        var text = _template is null ? ToJson(delivery).ToJsonString(JsonSerializerOptions.Web) : _template(Variables(delivery));
        return new ByteArrayContent(Encoding.UTF8.GetBytes(text)) { Headers = { ContentType = _contentType } };
    }

    static JsonObject ToJson(Delivery delivery)
    {
        var json = Parts(delivery);
        if (delivery.UnsubscribeUrl is { } unsubscribe)
            json["unsubscribeUrl"] = unsubscribe.AbsoluteUri;
        return json;
    }

    static JsonObject Parts(Delivery delivery) => new()
    {
        ["id"] = delivery.Id.ToString(),
        ["notificationId"] = delivery.NotificationId.ToString(),
        ["channel"] = delivery.Channel,
        ["address"] = delivery.Address,
        ["recipientName"] = delivery.RecipientName,
        ["category"] = delivery.Category,
        ["content"] = JsonSerializer.SerializeToNode(delivery.Content, delivery.Content.GetType(), JsonSerializerOptions.Web),
    };

    // Dictionaries all the way down: a template reaches no property of ours.
    static Dictionary<string, object?> Variables(Delivery delivery) => ToJson(delivery).ToDictionary(property => property.Key, property => property.Value switch
    {
        JsonObject parts => parts.ToDictionary(part => part.Key, part => part.Value?.ToString(), StringComparer.Ordinal),
        var value => (object?)value?.ToString(),
    }, StringComparer.Ordinal);

    /// <summary>Finds how a value is escaped in a body of the type; null when nobody knows.</summary>
    static Func<string, string>? EscapeFor(string? mediaType) => mediaType?.ToLowerInvariant() switch
    {
        Form => Uri.EscapeDataString,
        // It is all there is: see Refuse.
        Plain => text => text,
        Json or "text/json" => EscapeJson,
        { } json when json.EndsWith("+json", StringComparison.Ordinal) => EscapeJson,
        { } xml when IsXml(xml) => EscapeXml,
        _ => null,
    };

    static bool IsPlain(string mediaType) => mediaType.Equals(Plain, StringComparison.OrdinalIgnoreCase);

    static bool IsXml(string mediaType) =>
        mediaType.Equals("text/xml", StringComparison.OrdinalIgnoreCase) || mediaType.Equals("application/xml", StringComparison.OrdinalIgnoreCase) || mediaType.EndsWith("+xml", StringComparison.OrdinalIgnoreCase);

    // What no XML may have is left out. A line break in an attribute would be read as a space.
    static string EscapeXml(string text)
    {
        var escaped = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            escaped.Append(rune.Value switch
            {
                '&' => "&amp;",
                '<' => "&lt;",
                '>' => "&gt;",
                '"' => "&quot;",
                '\'' => "&#39;",
                '\n' => "&#10;",
                '\r' => "&#13;",
                '\t' => "&#9;",
                < ' ' or 0xfffe or 0xffff => "",
                _ => rune.ToString(),
            });
        }

        return escaped.ToString();
    }

    static string EscapeJson(string text) => JsonEncodedText.Encode(text).Value;

    [GeneratedRegex(@"\A\s*\{\{\s*[A-Za-z.]+\s*\}\}\s*\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex OneText();

    sealed class Escape(Func<string, string> escape) : ITextEncoder
    {
        public void Encode(StringBuilder? text, TextWriter target) => target.Write(escape(text?.ToString() ?? ""));

        public void Encode(string? text, TextWriter target) => target.Write(escape(text ?? ""));

        public void Encode<T>(T? text, TextWriter target)
            where T : IEnumerator<char>
        {
            var characters = new StringBuilder();
            while (text?.MoveNext() is true)
                characters.Append(text.Current);
            Encode(characters, target);
        }
    }
}
