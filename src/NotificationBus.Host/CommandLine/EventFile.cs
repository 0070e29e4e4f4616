using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace NotificationBus.Host.CommandLine;

/// <summary>What a file says is to be told: one event or request, an array of them, or one in each line.</summary>
/// <param name="Items">Each, as it stands there and with its <c>eventId</c>.</param>
/// <param name="IsOne">True when the file is one alone.</param>
sealed record EventFile(IReadOnlyList<EventItem> Items, bool IsOne)
{
    const string Shape = "the file takes a JSON object, an array of them, or one in each line";

    static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    // What the host reads at most is less.
    static readonly JsonDocumentOptions Options = new() { MaxDepth = 64 };

    /// <summary>
    /// Reads a file. What is one alone and has no <c>eventId</c> gets a new one. Of many each gets one that follows from its place and what
    /// it says, so that the same file again finds what was sent before.
    /// </summary>
    /// <param name="path">The file; <c>-</c> for what comes on the standard input.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="CommandException">It is not there, or no JSON.</exception>
    public static async Task<EventFile> Read(string path, CancellationToken cancellationToken)
    {
        var text = await Text(path, cancellationToken);
        if (text.AsSpan().Trim().IsEmpty)
            throw Wrong($"the file is empty: {Shape}");

        // Lines by its name, or because the first alone is whole.
        var isLines =
            Path.GetExtension(path) is ".ndjson" or ".jsonl" || (Try(FirstLine(text)) is not null && text.AsSpan().Trim().Contains('\n'));
        if (isLines)
            return new EventFile(
                [.. text.Split('\n').Index().Where(line => !line.Item.AsSpan().Trim().IsEmpty).Select(line => Line(line.Item, line.Index))],
                IsOne: false
            );

        using var whole = Parse(text, "the file");
        return whole.RootElement.ValueKind switch
        {
            JsonValueKind.Object => new EventFile([EventItem.Of(whole.RootElement, $"{Guid.CreateVersion7()}")], IsOne: true),
            JsonValueKind.Array => new EventFile([.. whole.RootElement.EnumerateArray().Index().Select(Item)], IsOne: false),
            _ => throw Wrong(Shape),
        };
    }

    /// <summary>Reads a file that is one JSON object, as it stands there.</summary>
    /// <param name="path">The file; <c>-</c> for what comes on the standard input.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="CommandException">It is not there, or no JSON object.</exception>
    public static async Task<JsonObject> ReadObject(string path, CancellationToken cancellationToken)
    {
        using var whole = Parse(await Text(path, cancellationToken), "the file");
        return whole.RootElement.ValueKind == JsonValueKind.Object
            ? JsonObject.Create(whole.RootElement.Clone())!
            : throw Wrong("the file takes one JSON object");
    }

    static EventItem Line(string line, int index)
    {
        using var one = Parse(line, $"line {index + 1}");
        return one.RootElement.ValueKind == JsonValueKind.Object
            ? EventItem.Of(one.RootElement, Follows(index, one.RootElement))
            : throw Wrong($"line {index + 1} is no JSON object");
    }

    static EventItem Item((int Index, JsonElement Item) one) =>
        one.Item.ValueKind == JsonValueKind.Object
            ? EventItem.Of(one.Item, Follows(one.Index, one.Item))
            : throw Wrong($"item {one.Index + 1} is no JSON object: {Shape}");

    static string Follows(int index, JsonElement item) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{index}:{item.GetRawText()}")))[..32];

    static async Task<string> Text(string path, CancellationToken cancellationToken)
    {
        try
        {
            await using var file = path == "-" ? Console.OpenStandardInput() : File.OpenRead(path);
            using var reader = new StreamReader(file, Strict);
            return await reader.ReadToEndAsync(cancellationToken);
        }
        catch (DecoderFallbackException)
        {
            throw Wrong("the file is no UTF-8, which JSON is written in (RFC 8259)");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw Wrong($"the file cannot be read: {exception.Message}");
        }
    }

    static string FirstLine(string text) => text.TrimStart().Split('\n', 2)[0];

    static JsonDocument? Try(string text)
    {
        try
        {
            return JsonDocument.Parse(text, Options);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    static JsonDocument Parse(string text, string what)
    {
        try
        {
            return JsonDocument.Parse(text, Options);
        }
        catch (JsonException exception)
        {
            throw Wrong($"{what} is no JSON: line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1}");
        }
    }

    static CommandException Wrong(string message) => new(ExitCode.Wrong, message);
}

/// <summary>One event or request of a file.</summary>
/// <param name="EventId">The id under which it may be repeated; null when what stands there is none, which the host says.</param>
/// <param name="Body">The body, otherwise as it stands in the file.</param>
sealed record EventItem(string? EventId, byte[] Body)
{
    /// <summary>The item of an object.</summary>
    /// <param name="item">The object.</param>
    /// <param name="eventId">The id it gets when it has none.</param>
    public static EventItem Of(JsonElement item, string eventId)
    {
        var raw = item.GetRawText();
        if (item.TryGetProperty("eventId", out var said) && said.ValueKind != JsonValueKind.Null)
            return new EventItem(said.ValueKind == JsonValueKind.String ? said.GetRawText().Trim('"') : null, Encoding.UTF8.GetBytes(raw));

        var body = new ArrayBufferWriter<byte>();
        body.Write("{\"eventId\":\""u8);
        body.Write(Encoding.UTF8.GetBytes(eventId));
        body.Write("\""u8);
        // The property that was null stands nowhere any more, for none may stand twice.
        foreach (var property in item.EnumerateObject().Where(property => !property.NameEquals("eventId"u8)))
        {
            body.Write(","u8);
            body.Write(Encoding.UTF8.GetBytes(property.ToString()));
        }

        body.Write("}"u8);
        return new EventItem(eventId, body.WrittenSpan.ToArray());
    }
}
