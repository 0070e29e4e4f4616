using System.Collections;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using MassTransit;
using NotificationBus.Contracts;
using NotificationBus.Intake;
using NotificationBus.Messaging;
using NotificationBus.Model;
using NotificationBus.Outgoing;

namespace NotificationBus.Failures;

/// <summary>Reads what was set aside, and takes nothing in it for granted.</summary>
sealed class FailureReader(
    ChannelSet channels,
    IEnumerable<IEventMap> maps,
    IEnumerable<IWithdrawalMap> withdrawals,
    IMessageApplications applications
)
{
    // MassTransit names an exchange as the type of a message, without this.
    const string UrnPrefix = "urn:message:";

    const int LongestText = 500;
    const int MostTypes = 20;

    // As JSON; more than the broker lets into a frame.
    const int LargestHeaders = 1024 * 1024;

    // The broker's and MassTransit's own, and ours: the producer wrote none of them, and a replay must not carry them. CC says which other
    // queues get it.
    static readonly string[] AddedHeaders =
    [
        "RabbitMQ-",
        "MT-Fault-",
        "MT-Host-",
        "MT-Reason",
        "x-death",
        "x-first-death-",
        "x-last-death-",
        "x-delivery-count",
        "x-acquired-count",
        "x-dotnet-pub-seq-no",
        "MessageId",
        "CorrelationId",
        FailureHeaders.Prefix,
    ];

    static readonly string[] RoutingHeaders = ["CC", "BCC"];

    readonly IReadOnlyDictionary<string, string> _events = maps.Select(map => (map.EventType, map.Name))
        .Concat(withdrawals.Select(map => (map.EventType, map.Name)))
        .ToDictionary(map => MessageUrn.ForTypeString(map.EventType)[UrnPrefix.Length..], map => map.Name, StringComparer.Ordinal);

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

    /// <summary>
    /// The failure of a message that cannot even be looked at: its body and, as far as anybody says, where it failed, so that it can be
    /// replayed.
    /// </summary>
    public Failure TakeAsItIs(ReceiveContext context, string queue, FailureExplanation explanation)
    {
        var id = Guid.CreateVersion7();
        var (body, length) = Kept(context);
        return new Failure
        {
            Id = id,
            FailureId = id,
            Queue = queue,
            Destination = length is null && IsOurs(queue) ? $"exchange:{queue}" : null,
            Explanation = explanation,
            Body = body,
            BodyLength = length,
        };
    }

    /// <summary>Returns the queue on which a message failed that came to the endpoint; the endpoint itself when nothing says so.</summary>
    public static string QueueOf(ReceiveContext context, string endpoint)
    {
        try
        {
            var headers = Headers(context);
            return Text(headers, FailureHeaders.Queue) ?? Text(headers, "x-first-death-queue") ?? endpoint;
        }
        catch (Exception)
        {
            return endpoint;
        }
    }

    Failure Read(ReceiveContext context, Dictionary<string, object> headers, string queue, FailureExplanation explanation)
    {
        var (body, length) = Kept(context);
        var failureId = Id(headers, FailureHeaders.FailureId) ?? Guid.CreateVersion7();
        var (messageId, types) = Envelope(body);
        messageId ??= Text(headers, FailureHeaders.MessageId) ?? Text(headers, nameof(MessageHeaders.MessageId));
        return new Failure
        {
            Id = messageId is null
                ? DeterministicId.From("failed-message", $"{failureId:N}")
                : DeterministicId.From(
                    "failed-message",
                    queue,
                    messageId,
                    Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(body))
                ),
            FailureId = failureId,
            ReplayOf = Id(headers, FailureHeaders.ReplayOf),
            Queue = queue,
            Destination = length is null && IsOurs(queue) ? $"exchange:{queue}" : null,
            Explanation = explanation,
            MessageId = messageId,
            MessageTypes = types,
            ContentType = WasSetAside(headers) ? Text(headers, FailureHeaders.ContentType) : ContentType(context),
            Headers = WithApplication(ProducersHeaders(headers), applications.Of(context)),
            EventName = EventOf(headers, queue, types),
            Body = body,
            BodyLength = length,
        };
    }

    /// <summary>The body, and its length when it is too large to be kept whole.</summary>
    static (byte[] Body, long? Length) Kept(ReceiveContext context)
    {
        var bytes = context.Body.GetBytes();
        return bytes.Length > PartlyKept.LargestWhole
            ? (bytes[..PartlyKept.Beginning], bytes.Length)
            : (CarriedContents.LeaveOut(bytes), FailureHeaders.LengthIn(context) is { } length && length > bytes.Length ? length : null);
    }

    /// <summary>
    /// The event the message should have been: by its type, or by the exchange it was published to. Only what begins notifications comes to
    /// the saga's queues that way.
    /// </summary>
    string? EventOf(Dictionary<string, object> headers, string queue, IReadOnlyList<string> types)
    {
        if (Text(headers, FailureHeaders.Event) is { } known)
            return _events.Values.Contains(known, StringComparer.Ordinal) ? known : null;
        if (!Enum.GetValues<Lane>().Any(lane => SagaEndpoint.QueueOf(lane) == queue))
            return null;

        var names = types.Where(type => type.StartsWith(UrnPrefix, StringComparison.Ordinal)).Select(type => type[UrnPrefix.Length..]);
        string?[] exchanges = [Text(headers, "RabbitMQ-ExchangeName"), Text(headers, "x-first-death-exchange")];
        return names
            .Concat(exchanges.OfType<string>())
            .Select(name => _events.GetValueOrDefault(name))
            .FirstOrDefault(name => name is not null);
    }

    static bool WasSetAside(Dictionary<string, object> headers) => headers.ContainsKey(FailureHeaders.Headers);

    bool IsOurs(string queue) => NotificationQueues.All(channels).Contains(queue, StringComparer.Ordinal);

    static (string Queue, FailureExplanation Explanation) Explain(Dictionary<string, object> headers, string endpoint)
    {
        // What the broker gave up may have been set aside before, and then that is the story.
        var deadLettered =
            endpoint == FailedMessageEndpoint.DeadLetters
            && Text(headers, "x-first-death-queue") is { } died
            && died != FailedMessageEndpoint.Queue;
        if (!deadLettered && Text(headers, FailureHeaders.Queue) is { } queue && Text(headers, FailureHeaders.Reason) is { } reason)
        {
            var kind =
                Enum.TryParse<FailureKind>(Text(headers, FailureHeaders.Kind), out var named) && Enum.IsDefined(named)
                    ? named
                    : FailureKind.Failed;
            return (queue, FailureExplanation.Of(kind, Text(headers, FailureHeaders.ExceptionType), reason, queue));
        }

        if (endpoint == FailedMessageEndpoint.DeadLetters)
        {
            var where = Text(headers, "x-first-death-queue") ?? endpoint;
            return (
                where,
                FailureExplanation.Of(
                    FailureKind.DeadLettered,
                    exceptionType: null,
                    $"the broker gave it up: {Text(headers, "x-first-death-reason") ?? "it does not say why"}",
                    where
                )
            );
        }

        return (
            endpoint,
            FailureExplanation.Of(
                FailureKind.NobodyTakesIt,
                exceptionType: null,
                "somebody put it into the queue of failed messages",
                endpoint
            )
        );
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
        if (body.Length > EnvelopeReader.LargestBody)
            return (null, []);

        try
        {
            using var document = JsonDocument.Parse(
                body,
                new JsonDocumentOptions { MaxDepth = EnvelopeReader.UsualDepth + CommandBundle.Depth }
            );
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                return (null, []);

            var id =
                document.RootElement.TryGetProperty("messageId", out var messageId) && messageId.ValueKind == JsonValueKind.String
                    ? PlainText.Of(messageId.GetString()!, LongestText)
                    : null;
            if (!document.RootElement.TryGetProperty("messageType", out var types) || types.ValueKind != JsonValueKind.Array)
                return (string.IsNullOrWhiteSpace(id) ? null : id, []);

            return (
                string.IsNullOrWhiteSpace(id) ? null : id,
                [
                    .. types
                        .EnumerateArray()
                        .Where(type => type.ValueKind == JsonValueKind.String)
                        .Take(MostTypes)
                        .Select(type => PlainText.Of(type.GetString()!, LongestText)),
                ]
            );
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return (null, []);
        }
    }

    static string ProducersHeaders(Dictionary<string, object> headers)
    {
        if (headers.TryGetValue(FailureHeaders.Headers, out var written))
            return written is string text && IsObject(text) ? text : "{}";

        var kept = new JsonObject();
        foreach (var (name, value) in headers.Where(header => !IsAdded(header.Key)))
            kept[PlainText.Of(name, LongestText)] = Node(value, depth: 0);

        var json = kept.ToJsonString();
        return json.Length <= LargestHeaders ? json : "{}";
    }

    /// <summary>
    /// A replay is published by the host, which is believed. So the application is the one that was found out, whatever the producer wrote.
    /// </summary>
    string WithApplication(string headers, string application)
    {
        var named = JsonNode.Parse(headers)!.AsObject();
        foreach (var said in named.Select(header => header.Key).Where(IsOfApplication).ToList())
            named.Remove(said);
        if (application != applications.Unknown)
            named[ApplicationHeader.Name] = application;
        return named.ToJsonString();

        static bool IsOfApplication(string header) => header.Equals(ApplicationHeader.Name, StringComparison.OrdinalIgnoreCase);
    }

    static bool IsAdded(string header) =>
        RoutingHeaders.Contains(header, StringComparer.Ordinal)
        || AddedHeaders.Any(added => header.StartsWith(added, StringComparison.OrdinalIgnoreCase));

    static bool IsObject(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return document.RootElement.ValueKind == JsonValueKind.Object;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>AMQP's values as JSON has them; what it has not becomes text.</summary>
    static JsonNode? Node(object? value, int depth) =>
        value switch
        {
            null => null,
            string text => PlainText.Of(text, LargestHeaders),
            byte[] bytes => PlainText.Of(Encoding.UTF8.GetString(bytes), LargestHeaders),
            bool truth => truth,
            byte or sbyte or short or ushort or int or uint or long => Convert.ToInt64(value, CultureInfo.InvariantCulture),
            double number when double.IsFinite(number) => number,
            float number when float.IsFinite(number) => number,
            IDictionary table when depth < 8 => new JsonObject(
                table
                    .Keys.Cast<object>()
                    .Select(key => KeyValuePair.Create(PlainText.Of($"{key}", LongestText), Node(table[key], depth + 1)))
                    .DistinctBy(entry => entry.Key, StringComparer.Ordinal)
            ),
            IList list when depth < 8 => new JsonArray([.. list.Cast<object?>().Select(item => Node(item, depth + 1))]),
            _ => PlainText.Of(Convert.ToString(value, CultureInfo.InvariantCulture) ?? "", LongestText),
        };
}
