using System.Collections;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

using MassTransit;

using NotificationBus.Intake;
using NotificationBus.Messaging;
using NotificationBus.Outgoing;
using NotificationBus.Sending;

namespace NotificationBus.Failures;

/// <summary>Reads what was set aside, and takes nothing in it for granted.</summary>
sealed class FailureReader(ChannelSet channels)
{
    const int LongestText = 500;
    const int MostTypes = 20;
    // As JSON; more than the broker lets into a frame.
    const int LargestHeaders = 1024 * 1024;

    // The broker's and MassTransit's own, and ours: the producer wrote none of them, and a replay must not carry them.
    static readonly string[] AddedHeaders =
        ["RabbitMQ-", "MT-Fault-", "MT-Host-", "MT-Reason", "x-death", "x-first-death-", "x-last-death-", "x-delivery-count", "x-acquired-count", "x-dotnet-pub-seq-no", "MessageId", "CorrelationId", FailureHeaders.Prefix];

    /// <summary>The failure of a message that was set aside, as far as it can be understood.</summary>
    public Failure Read(ReceiveContext context, string endpoint)
    {
        var headers = Headers(context);
        var (queue, explanation) = Explain(headers, endpoint);
        return Read(context, headers, queue, explanation);
    }

    /// <summary>The failure of a message that is still where it failed.</summary>
    public Failure Read(ReceiveContext context, string queue, FailureExplanation explanation)
    {
        var headers = Headers(context);
        headers.Remove(FailureHeaders.FailureId);
        return Read(context, headers, queue, explanation);
    }

    /// <summary>The producer's headers as a JSON object.</summary>
    public static string HeadersOf(ReceiveContext context) => ProducersHeaders(Headers(context));

    Failure Read(ReceiveContext context, Dictionary<string, object> headers, string queue, FailureExplanation explanation)
    {
        var body = context.Body.GetBytes();
        var failureId = Id(headers, FailureHeaders.FailureId) ?? Guid.CreateVersion7();
        var (messageId, types) = Envelope(body);
        messageId ??= Text(headers, nameof(MessageHeaders.MessageId));
        return new Failure
        {
            Id = messageId is null
                ? DeterministicId.From("failed-message", $"{failureId:N}")
                : DeterministicId.From("failed-message", queue, messageId, Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(body))),
            FailureId = failureId,
            ReplayOf = Id(headers, FailureHeaders.ReplayOf),
            Queue = queue,
            Destination = IsOurs(queue) ? $"exchange:{queue}" : null,
            Explanation = explanation,
            MessageId = messageId,
            MessageTypes = types,
            ContentType = ContentType(context),
            Headers = ProducersHeaders(headers),
            Body = body,
        };
    }

    bool IsOurs(string queue) => NotificationEndpoints.Queues(channels).Contains(queue, StringComparer.Ordinal);

    static (string Queue, FailureExplanation Explanation) Explain(Dictionary<string, object> headers, string endpoint)
    {
        // What the broker gave up may have been set aside before, and then that is the story.
        var deadLettered = endpoint == FailedMessageEndpoint.DeadLetters && Text(headers, "x-first-death-queue") is { } died && died != FailedMessageEndpoint.Queue;
        if (!deadLettered && Text(headers, FailureHeaders.Queue) is { } queue && Text(headers, FailureHeaders.Reason) is { } reason)
        {
            var kind = Enum.TryParse<FailureKind>(Text(headers, FailureHeaders.Kind), out var named) && Enum.IsDefined(named) ? named : FailureKind.Failed;
            return (queue, FailureExplanation.Of(kind, Text(headers, FailureHeaders.ExceptionType), reason, queue));
        }

        if (endpoint == FailedMessageEndpoint.DeadLetters)
        {
            var where = Text(headers, "x-first-death-queue") ?? endpoint;
            return (where, FailureExplanation.Of(FailureKind.DeadLettered, exceptionType: null, $"the broker gave it up: {Text(headers, "x-first-death-reason") ?? "it does not say why"}", where));
        }

        return (endpoint, FailureExplanation.Of(FailureKind.NobodyTakesIt, exceptionType: null, "somebody put it into the queue of failed messages", endpoint));
    }

    static Dictionary<string, object> Headers(ReceiveContext context)
    {
        var headers = new Dictionary<string, object>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in context.TransportHeaders.GetAll())
            headers[name] = value;

        return headers;
    }

    static string? Text(Dictionary<string, object> headers, string name) =>
        headers.TryGetValue(name, out var value) && value is string { Length: > 0 } text ? PlainText.Of(text, LongestText) : null;

    static Guid? Id(Dictionary<string, object> headers, string name) => Guid.TryParse(Text(headers, name), out var id) ? id : null;

    static string? ContentType(ReceiveContext context)
    {
        var text = context.ContentType?.ToString();
        return text is { Length: <= LongestText } && text.All(char.IsAscii) ? PlainText.Of(text, LongestText) : null;
    }

    /// <summary>Id and types, when the body is an envelope.</summary>
    static (string? MessageId, IReadOnlyList<string> Types) Envelope(byte[] body)
    {
        if (body.Length > SetAside.LargestBody)
            return (null, []);

        try
        {
            using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = EnvelopeReader.UsualDepth + CommandBundle.Depth });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                return (null, []);

            var id = document.RootElement.TryGetProperty("messageId", out var messageId) && messageId.ValueKind == JsonValueKind.String ? PlainText.Of(messageId.GetString()!, LongestText) : null;
            if (!document.RootElement.TryGetProperty("messageType", out var types) || types.ValueKind != JsonValueKind.Array)
                return (string.IsNullOrWhiteSpace(id) ? null : id, []);

            return (string.IsNullOrWhiteSpace(id) ? null : id,
                [.. types.EnumerateArray().Where(type => type.ValueKind == JsonValueKind.String).Take(MostTypes).Select(type => PlainText.Of(type.GetString()!, LongestText))]);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return (null, []);
        }
    }

    static string ProducersHeaders(Dictionary<string, object> headers)
    {
        var kept = new JsonObject();
        foreach (var (name, value) in headers.Where(header => !AddedHeaders.Any(added => header.Key.StartsWith(added, StringComparison.OrdinalIgnoreCase))))
            kept[PlainText.Of(name, LongestText)] = Node(value, depth: 0);

        var json = kept.ToJsonString();
        return json.Length <= LargestHeaders ? json : "{}";
    }

    /// <summary>AMQP's values as JSON has them; what it has not becomes text.</summary>
    static JsonNode? Node(object? value, int depth) => value switch
    {
        null => null,
        string text => PlainText.Of(text, LargestHeaders),
        byte[] bytes => PlainText.Of(Encoding.UTF8.GetString(bytes), LargestHeaders),
        bool truth => truth,
        byte or sbyte or short or ushort or int or uint or long => Convert.ToInt64(value, CultureInfo.InvariantCulture),
        double number when double.IsFinite(number) => number,
        float number when float.IsFinite(number) => number,
        IDictionary table when depth < 8 => new JsonObject(table.Keys.Cast<object>()
            .Select(key => KeyValuePair.Create(PlainText.Of($"{key}", LongestText), Node(table[key], depth + 1)))
            .DistinctBy(entry => entry.Key, StringComparer.Ordinal)),
        IList list when depth < 8 => new JsonArray([.. list.Cast<object?>().Select(item => Node(item, depth + 1))]),
        _ => PlainText.Of(Convert.ToString(value, CultureInfo.InvariantCulture) ?? "", LongestText),
    };
}
