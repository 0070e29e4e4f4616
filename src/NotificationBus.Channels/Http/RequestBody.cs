using System.Net.Http.Headers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Text.Unicode;
using Fluid;
using Fluid.Ast;
using Fluid.Filters;
using NotificationBus.Model;
using NotificationBus.Providers;

namespace NotificationBus.Channels.Http;

/// <summary>The body that is posted for a delivery: our own JSON, or what the account's template makes of it.</summary>
sealed partial class RequestBody
{
    const string Json = "application/json";
    const string Plain = "text/plain";
    const string Form = "application/x-www-form-urlencoded";

    static readonly FluidParser Parser = new();
    static readonly TemplateOptions Options = new();

    static readonly TextEncoder FormEncoder = UrlEncoder.Create(Unreserved());
    static readonly TextEncoder XmlEncoder = HtmlEncoder.Create(UnicodeRanges.All);

    // Where XML takes no escapes.
    static readonly string[] RawXml = ["<![CDATA[", "<!--"];

    readonly IFluidTemplate? _template;
    readonly string _written;
    readonly TextEncoder _encoder;
    readonly MediaTypeHeaderValue _contentType;

    static RequestBody()
    {
        foreach (var tag in (string[])["include", "render"])
            Parser.RegisteredTags.Remove(tag);

        // Any other may write what is not escaped for this body.
        Options.Filters.Clear();
        Options.Filters.AddFilter("default", MiscFilters.Default);
    }

    /// <summary>Parses the template.</summary>
    /// <exception cref="FluidException">It is no template.</exception>
    public RequestBody(string? template, string? contentType)
    {
        _contentType = MediaTypeHeaderValue.Parse(contentType ?? Json);
        _written = template ?? "";
        _encoder = EncoderFor(_contentType.MediaType) ?? JavaScriptEncoder.Default;
        if (string.IsNullOrEmpty(template))
            return;

        _template = Parser.Parse(template);
        new FilterCheck().VisitTemplate(_template);
    }

    /// <summary>Checks that values stay in their place in the body: null when they do, else why they could get out.</summary>
    public static string? Refuse(string? template, string? contentType)
    {
        if (string.IsNullOrEmpty(template) || !MediaTypeHeaderValue.TryParse(contentType ?? Json, out var type))
            return null; // Of the type, something else complains.

        return EncoderFor(type.MediaType) is null
                ? $"cannot be escaped for {type.MediaType}: Headers:Content-Type must be of JSON, XML, {Form} or {Plain}"
            : type.CharSet is { Length: > 0 } charset && !"utf-8".Equals(charset.Trim('"'), StringComparison.OrdinalIgnoreCase)
                ? "is sent in UTF-8, and Headers:Content-Type names another charset"
            : IsPlain(type.MediaType!) && !OneText().IsMatch(template)
                ? "must be one {{…}} and nothing else for text/plain, in which nothing can be escaped: "
                    + "a text would reach into what stands beside it"
            : IsXml(type.MediaType!) && Array.Find(RawXml, raw => template.Contains(raw, StringComparison.Ordinal)) is { } section
                ? $"must not have {section}, in which nothing can be escaped"
            : null;
    }

    /// <summary>What the delivery carries that the template does not mention; null when it is all there, as in our own JSON.</summary>
    public string? LeavesOut(Delivery delivery) =>
        _template is null
            ? null
            : delivery
                .Content.Extras.Select(extra => $"content.{extra}")
                .Concat(delivery.Sender is null ? [] : (string[])["sender.address"])
                .FirstOrDefault(part => !_written.Contains(part, StringComparison.Ordinal));

    public HttpContent Of(Delivery delivery)
    {
        var text = _template is null
            ? ToJson(delivery).ToJsonString(JsonSerializerOptions.Web)
            : _template.Render(new TemplateContext(Variables(ToJson(delivery), isXml: _encoder == XmlEncoder), Options), _encoder);
        return new ByteArrayContent(Encoding.UTF8.GetBytes(text)) { Headers = { ContentType = _contentType } };
    }

    static JsonObject ToJson(Delivery delivery)
    {
        var json = Parts(delivery);
        if (delivery.UnsubscribeUrl is { } unsubscribe)
            json["unsubscribeUrl"] = unsubscribe.AbsoluteUri;
        if (delivery.Sender is { } sender)
            json["sender"] = new JsonObject { ["address"] = sender.Address, ["name"] = sender.Name };
        return json;
    }

    static JsonObject Parts(Delivery delivery) =>
        new()
        {
            ["id"] = delivery.Id.ToString(),
            ["notificationId"] = delivery.NotificationId.ToString(),
            ["channel"] = delivery.Channel,
            ["address"] = delivery.Address,
            ["recipientName"] = delivery.RecipientName,
            ["category"] = delivery.Category,
            ["content"] = ContentOf(delivery.Content),
        };

    static JsonNode? ContentOf(Content content)
    {
        var json = JsonSerializer.SerializeToNode(content, content.GetType(), JsonSerializerOptions.Web);
        // The octets that were fetched, and not the URL: the service is to send what we would send.
        if (content is Email.EmailContent { Attachments: { } files })
        {
            json!["attachments"] = new JsonArray([
                .. files.Select(file => new JsonObject
                {
                    ["name"] = file.Name,
                    ["contentType"] = file.Type,
                    ["content"] = file.Base64,
                }),
            ]);
        }

        return json;
    }

    // Dictionaries all the way down: a template reaches no property of ours.
    static Dictionary<string, object?> Variables(JsonObject values, bool isXml) =>
        values.ToDictionary(
            value => value.Key,
            value => value.Value is JsonObject parts ? Variables(parts, isXml) : (object?)Text(value.Value, isXml),
            StringComparer.Ordinal
        );

    // What no XML may have, not even as a reference, is left out.
    static string? Text(JsonNode? value, bool isXml) =>
        value is null || !isXml ? value?.ToString() : NotInXml().Replace(value.ToString(), "");

    /// <summary>Finds what escapes a value in a body of the type; null when nobody knows.</summary>
    static TextEncoder? EncoderFor(string? mediaType) =>
        mediaType?.ToLowerInvariant() switch
        {
            Form => FormEncoder,
            // It is all there is: see Refuse.
            Plain => NullEncoder.Default,
            Json or "text/json" => JavaScriptEncoder.Default,
            { } json when json.EndsWith("+json", StringComparison.Ordinal) => JavaScriptEncoder.Default,
            { } xml when IsXml(xml) => XmlEncoder,
            _ => null,
        };

    // All else is escaped in a form: what is harmless to one reader separates fields for another.
    static TextEncoderSettings Unreserved()
    {
        var settings = new TextEncoderSettings();
        settings.AllowCharacters("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".ToCharArray());
        return settings;
    }

    static bool IsPlain(string mediaType) => mediaType.Equals(Plain, StringComparison.OrdinalIgnoreCase);

    static bool IsXml(string mediaType) =>
        mediaType.Equals("text/xml", StringComparison.OrdinalIgnoreCase)
        || mediaType.Equals("application/xml", StringComparison.OrdinalIgnoreCase)
        || mediaType.EndsWith("+xml", StringComparison.OrdinalIgnoreCase);

    [GeneratedRegex(@"\A\s*\{\{\s*[A-Za-z.]+\s*\}\}\s*\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex OneText();

    [GeneratedRegex(@"[\x00-\x08\x0B\x0C\x0E-\x1F\uFFFE\uFFFF]", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex NotInXml();

    /// <summary>Fluid would find out that there is no such filter when it writes the first body.</summary>
    sealed class FilterCheck : AstVisitor
    {
        protected override Expression VisitFilterExpression(FilterExpression filterExpression) =>
            Options.Filters.TryGetValue(filterExpression.Name, out _)
                ? base.VisitFilterExpression(filterExpression)
                : throw new FluidException($"there is no filter '{filterExpression.Name}'");
    }
}
