using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using NotificationBus.Intake;

namespace NotificationBus.Host.Http;

/// <summary>Reads a body strictly: a property nobody knows is a mistake of the caller, and hearing of it early is a service.</summary>
static class JsonBody
{
    // The bus writes and reads 64 levels. A message is one level down in its envelope, and two in the envelope of a fault.
    static readonly JsonDocumentOptions Document = new() { MaxDepth = 62, AllowDuplicateProperties = false };

    static readonly JsonSerializerOptions Strict = new(JsonSerializerOptions.Strict)
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Converters = { new ExactDecimal() },
        TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { LenientContracts.Apply } },
    };

    /// <summary>The body, or the answer to give instead.</summary>
    public static async Task<(T? Body, IResult? Refusal)> Read<T>(HttpRequest request)
        where T : class
    {
        if (Refuse(request) is { } refusal)
            return (null, refusal);

        try
        {
            using var body = await request
                .HttpContext.RequestServices.GetRequiredService<RequestBodies>()
                .Read(request, HttpLimits.BodySize);
            var json = WithoutMark(body.Memory);
            if (JsonLimits.Refuse(json.Span) is { } tooMuch)
                return (null, Problems.Validation("$", tooMuch));

            using var document = JsonDocument.Parse(json, Document);
            var errors = new FieldErrors();
            JsonShape.Check(document.RootElement, typeof(T), Strict, new JsonTrail(), errors);
            return errors.Any ? (null, Problems.Validation(errors.ByField)) : (document.RootElement.Deserialize<T>(Strict), null);
        }
        catch (JsonException exception)
        {
            // Its message may quote the body; the place is enough.
            return (
                null,
                Problems.MalformedJson(
                    exception.LineNumber is { } line
                        ? $"It ends or goes wrong at line {line + 1}, byte {exception.BytePositionInLine + 1}. At most {Document.MaxDepth} levels are read."
                        : "An object has a property twice."
                )
            );
        }
        catch (InvalidOperationException)
        {
            // Names are read to compare them, and this one cannot be: half a surrogate pair, or bytes that are no UTF-8.
            return (null, Problems.MalformedJson("The name of a property is no valid Unicode text."));
        }
        catch (BadHttpRequestException exception)
        {
            // Too large, too slow or cut off: the caller's doing, and no error in our log.
            return (null, Problems.ForRefused(request.HttpContext, exception));
        }
    }

    /// <summary>Some writers begin with a byte order mark; whoever reads may pass over it (RFC 8259, section 8.1).</summary>
    static ReadOnlyMemory<byte> WithoutMark(ReadOnlyMemory<byte> body) =>
        body.Span.StartsWith(Encoding.UTF8.Preamble) ? body[Encoding.UTF8.Preamble.Length..] : body;

    static IResult? Refuse(HttpRequest request)
    {
        if (
            !MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            || !"application/json".Equals(type.MediaType, StringComparison.OrdinalIgnoreCase)
        )
            return Problems.UnsupportedMediaType("Send Content-Type: application/json.");

        if (type.CharSet is { } charset && !charset.Trim('"').Equals("utf-8", StringComparison.OrdinalIgnoreCase))
            return Problems.UnsupportedMediaType("JSON is read as UTF-8 (RFC 8259).");

        return request.Headers.ContentEncoding.Count > 0 ? Problems.UnsupportedMediaType("Compressed bodies are not read.") : null;
    }
}
