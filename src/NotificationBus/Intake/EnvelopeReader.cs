using System.Diagnostics.CodeAnalysis;
using System.Net.Mime;
using System.Runtime.Serialization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using MassTransit;
using MassTransit.Serialization;

namespace NotificationBus.Intake;

/// <summary>
/// Reads the envelope of a message, whole and strictly. MassTransit's own reader looks at an id only when somebody asks for it, and
/// then a malformed one fails once more while the failure is being reported, so that the message comes back for ever. And it
/// answers to whatever address stands in the message; here nobody waits for an answer, so no address is followed.
/// </summary>
/// <param name="contentType">The type of the bodies it reads.</param>
/// <param name="depth">How deep they may be.</param>
/// <param name="messages">How many messages stand in one.</param>
sealed class EnvelopeReader(ContentType contentType, int depth, int messages = 1) : ISerializerFactory, IMessageDeserializer
{
    static readonly SystemTextJsonMessageSerializer Json = SystemTextJsonMessageSerializer.Instance;

    /// <summary>A message of the flow is some kilobytes. What is larger than this is not read at all.</summary>
    public const int LargestBody = 1024 * 1024;

    /// <summary>The deepest that a message may be: what System.Text.Json takes when nothing else is said.</summary>
    public const int UsualDepth = 64;

    // The envelope itself: headers, the host that has sent it, the faults it tells of.
    const int ValuesOfEnvelope = 1_000;

    static readonly JsonSerializerOptions Usual = Strict(UsualDepth);

    static readonly EnvelopeReader Alone = new(SystemTextJsonMessageSerializer.JsonContentType, UsualDepth);

    readonly JsonSerializerOptions _strict = depth == UsualDepth ? Usual : Strict(depth);

    public ContentType ContentType => contentType;

    public IMessageSerializer CreateSerializer() => new EnvelopeWriter();

    public IMessageDeserializer CreateDeserializer() => this;

    public ConsumeContext Deserialize(ReceiveContext receiveContext)
    {
        var envelope = Read(receiveContext.Body.GetBytes());
        Check(envelope);
        envelope.RequestId = null;
        envelope.ResponseAddress = null;
        envelope.FaultAddress = null;
        envelope.SourceAddress = AddressOrNull(envelope.SourceAddress);
        envelope.DestinationAddress = AddressOrNull(envelope.DestinationAddress);

        var context = new SystemTextJsonSerializerContext(
            Json,
            _strict,
            ContentType,
            new EnvelopeMessageContext(envelope, Json),
            envelope.MessageType!,
            envelope
        );
        return new CheckedContext(receiveContext, context);
    }

    public SerializerContext Deserialize(MessageBody body, Headers headers, Uri? destinationAddress = null) =>
        Json.Deserialize(body, headers, destinationAddress);

    /// <summary>Reads an envelope that stands within another.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    /// <exception cref="InvalidEventException">A text in it is too long.</exception>
    public static TEnvelope Read<TEnvelope>(JsonElement envelope)
        where TEnvelope : class
    {
        var read = envelope.Deserialize<TEnvelope>(Usual) ?? throw new JsonException("the envelope is null");
        TextLengths.Demand(read);
        return read;
    }

    /// <summary>Reads what an envelope says of itself, as strictly as one that came.</summary>
    /// <param name="body">The body, UTF-8.</param>
    /// <exception cref="SerializationException">It is no envelope.</exception>
    /// <exception cref="InvalidEventException">It has no id.</exception>
    public static (Guid MessageId, IReadOnlyList<string> MessageTypes) Identify(byte[] body)
    {
        var envelope = Alone.Read(body);
        Check(envelope);
        return (Guid.Parse(envelope.MessageId!), envelope.MessageType!);
    }

    public MessageBody GetMessageBody(string text) => Json.GetMessageBody(text);

    public void Probe(ProbeContext context) => Json.Probe(context);

    // A property that stands twice is read differently by different readers.
    static JsonSerializerOptions Strict(int depth)
    {
        var options = new JsonSerializerOptions(SystemTextJsonMessageSerializer.Options)
        {
            AllowDuplicateProperties = false,
            MaxDepth = depth,
            TypeInfoResolver = (
                SystemTextJsonMessageSerializer.Options.TypeInfoResolver ?? new DefaultJsonTypeInfoResolver()
            ).WithAddedModifier(LenientContracts.Apply),
        };
        // Before MassTransit's own, which rounds.
        options.Converters.Insert(0, new ExactDecimal(alsoAsText: true));
        return options;
    }

    JsonMessageEnvelope Read(byte[] body)
    {
        if (JsonLimits.Refuse(body, messages * (JsonLimits.MostValues + ValuesOfEnvelope)) is { } reason)
            throw new SerializationException($"the body {reason}");

        try
        {
            return JsonSerializer.Deserialize<JsonMessageEnvelope>(body, _strict) ?? throw new SerializationException("the body is null");
        }
        catch (Exception exception)
            when (exception is JsonException or InvalidOperationException or NotSupportedException or FormatException)
        {
            throw new SerializationException("the body is no envelope in JSON", exception);
        }
    }

    static void Check(JsonMessageEnvelope envelope)
    {
        if (envelope.MessageType is not { Length: > 0 } types || types.Any(string.IsNullOrWhiteSpace))
            throw new SerializationException("the envelope names no messageType");
        if (envelope.Message is not JsonElement { ValueKind: JsonValueKind.Object })
            throw new SerializationException("the envelope has no message");

        Check(envelope.MessageId, "messageId");
        Check(envelope.CorrelationId, "correlationId");
        Check(envelope.ConversationId, "conversationId");
        Check(envelope.InitiatorId, "initiatorId");
        if (string.IsNullOrWhiteSpace(envelope.MessageId) || Guid.Parse(envelope.MessageId) == Guid.Empty)
            throw new InvalidEventException("the message has no messageId");
    }

    static void Check(string? id, string name)
    {
        if (!string.IsNullOrWhiteSpace(id) && !Guid.TryParse(id, out _))
            throw new SerializationException($"{name} is no UUID");
    }

    static string? AddressOrNull(string? address) => Uri.TryCreate(address, UriKind.Absolute, out _) ? address : null;

    /// <summary>Hands out no message with a text that is longer than <see cref="TextLengths"/> says.</summary>
    sealed class CheckedContext(ReceiveContext received, SerializerContext serializer) : BodyConsumeContext(received, serializer)
    {
        public override bool TryGetMessage<T>([NotNullWhen(true)] out ConsumeContext<T>? consumeContext)
        {
            if (!base.TryGetMessage(out consumeContext))
                return false;

            // A fault repeats what was refused, and has to be heard all the same.
            if (consumeContext.Message is not Fault)
                TextLengths.Demand(consumeContext.Message);
            return true;
        }
    }
}
