using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

using HandlebarsDotNet;

using NotificationBus.Sending;

namespace NotificationBus.Channels.Http;

/// <summary>What is posted for a delivery: our own JSON, or what the account's template makes of it.</summary>
sealed class RequestBody
{
    const string Json = "application/json";
    const string Form = "application/x-www-form-urlencoded";

    readonly HandlebarsTemplate<object, object>? _template;
    readonly MediaTypeHeaderValue _contentType;

    /// <summary>Compiles the template.</summary>
    /// <exception cref="HandlebarsException">It is no template.</exception>
    public RequestBody(string? template, string? contentType)
    {
        _contentType = MediaTypeHeaderValue.Parse(contentType ?? Json);
        if (string.IsNullOrEmpty(template))
            return;

        var isForm = Form.Equals(_contentType.MediaType, StringComparison.OrdinalIgnoreCase);
        _template = Handlebars.Create(new HandlebarsConfiguration { TextEncoder = new Escape(isForm ? Uri.EscapeDataString : EscapeJson) }).Compile(template);
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

    static string EscapeJson(string text) => JsonEncodedText.Encode(text).Value;

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
