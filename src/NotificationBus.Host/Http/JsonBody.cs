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
            return Parse<T>(WithoutMark(body.Memory));
        }
        catch (BadHttpRequestException exception)
        {
            // Too large, too slow or cut off: the caller's doing, and no error in our log.
            return (null, Problems.ForRefused(request.HttpContext, exception));
        }
    }

    /// <summary>What one text of JSON says, or the answer to give instead.</summary>
    public static (T? Body, IResult? Refusal) Parse<T>(ReadOnlyMemory<byte> json)
        where T : class
    {
        try
        {
            if (JsonLimits.Refuse(json.Span) is { } tooMuch)
                return (null, Problems.Validation("$", tooMuch));

            using var document = JsonDocument.Parse(json, Document);
            var errors = new FieldErrors();
            JsonShape.Check(document.RootElement, typeof(T), Strict, new JsonTrail(), errors);
            return errors.Any ? (null, Problems.Validation(errors.ByField)) : (document.RootElement.Deserialize<T>(Strict), null);
        }
        catch (JsonException exception)
        {
            return (null, Malformed(exception));
        }
        catch (InvalidOperationException)
        {
            // Names are read to compare them, and this one cannot be: half a surrogate pair, or bytes that are no UTF-8.
            return (null, Problems.MalformedJson("The name of a property is no valid Unicode text."));
        }
    }

    /// <summary>
    /// A body that is a list: each item of it as it stands there, to be read by <see cref="Parse"/>. Or the answer instead.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="most">The most items; of more nothing is read.</param>
    public static async Task<(JsonItems? Items, IResult? Refusal)> ReadItems(HttpRequest request, int most)
    {
        if (Refuse(request) is { } refusal)
            return (null, refusal);

        RequestBodies.Body? body = null;
        try
        {
            var bodies = request.HttpContext.RequestServices.GetRequiredService<RequestBodies>();
            body = await bodies.ReadBatch(request);
            var (items, problem) = Divide(WithoutMark(body.Memory), most);
            if (problem is not null)
                return (null, problem);
            if (items.Count > RequestBodies.FewItems)
                await bodies.HoldPlace(request, body);

            var read = new JsonItems(body, items);
            body = null;
            return (read, null);
        }
        catch (JsonException exception)
        {
            return (null, Malformed(exception));
        }
        catch (BadHttpRequestException exception)
        {
            return (null, Problems.ForRefused(request.HttpContext, exception, HttpLimits.BatchSize));
        }
        finally
        {
            body?.Dispose();
        }
    }

    static (IReadOnlyList<ReadOnlyMemory<byte>> Items, IResult? Problem) Divide(ReadOnlyMemory<byte> body, int most)
    {
        // However deep: an item that is too deep is refused alone, when it is read. A level takes a bit here, and no stack.
        var reader = new Utf8JsonReader(body.Span, new JsonReaderOptions { MaxDepth = int.MaxValue });
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray)
            return ([], Problems.Validation("$", $"must be a list of 1 to {most} items"));

        var items = new List<ReadOnlyMemory<byte>>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (items.Count == most)
                return ([], Problems.TooManyItems(most));

            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            items.Add(body[start..(int)reader.BytesConsumed]);
        }

        // What follows its end is no JSON, and the reader says so.
        reader.Read();
        return items.Count > 0 ? (items, null) : ([], Problems.Validation("$", $"must be a list of 1 to {most} items"));
    }

    static IResult Malformed(JsonException exception) =>
        // Its message may quote the body; the place is enough.
        Problems.MalformedJson(
            exception.LineNumber is { } line
                ? $"It ends or goes wrong at line {line + 1}, byte {exception.BytePositionInLine + 1}. "
                    + $"At most {Document.MaxDepth} levels are read."
                : "An object has a property twice."
        );

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

/// <summary>The items of a list. Their bytes are somebody else's once it is disposed.</summary>
sealed class JsonItems(RequestBodies.Body body, IReadOnlyList<ReadOnlyMemory<byte>> items) : IDisposable
{
    public int Count => items.Count;

    public ReadOnlyMemory<byte> this[int index] => items[index];

    public void Dispose() => body.Dispose();
}
