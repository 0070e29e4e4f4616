using System.Buffers;
using System.Net.Mime;
using System.Runtime.InteropServices;
using System.Text.Json;
using MassTransit;
using MassTransit.Serialization;
using NotificationBus.Contracts;
using NotificationBus.Intake;
using NotificationBus.Providers.Accounts;

namespace NotificationBus.Outgoing;

/// <summary>Writes <see cref="SendDeliveries"/>: the commands as they are, without reading them.</summary>
static class CommandBundle
{
    /// <summary>
    /// The most commands of one message, which is acknowledged when the last of them is done. With
    /// <c>MessagesPerTurn</c> of the endpoints it says how many calls to a provider a command may have to wait for, on a host
    /// that has all it takes: at 16 calls of two minutes each that is about the 30 minutes after which RabbitMQ takes a message away. Where
    /// a provider takes fewer calls than there are turns they may last so much shorter: 14 seconds at the 4 connections of SMTP.
    /// </summary>
    public const int MostCommands = 8;

    const int LargestCommand = EnvelopeReader.LargestBody / (MostCommands + 1);

    /// <summary>The number of levels by which a command stands deeper in a bundle than alone.</summary>
    public const int Depth = 3;

    /// <summary>Its content type. It is read like every envelope, but may be deeper.</summary>
    public static readonly ContentType ContentType = new("application/vnd.notificationbus.commands+json");

    static readonly string Command = MessageUrn.ForTypeString<SendDelivery>();
    static readonly string Bundle = MessageUrn.ForTypeString<SendDeliveries>();
    static readonly string Json = SystemTextJsonMessageSerializer.JsonContentType.ToString();

    /// <summary>True for a command of usual size that has no headers of its own.</summary>
    public static bool Takes(OutgoingMessage message) =>
        message is { Headers: null, ReplayOf: null, Body.Length: <= LargestCommand }
        && (message.WaitsFor is null || !WaitingLine.IsTurn(message.WaitsFor))
        && message.MessageTypes == Command
        && (message.ContentType.Length == 0 || message.ContentType == Json);

    /// <summary>One of them as a message of its own again, byte for byte.</summary>
    /// <param name="command">Its envelope.</param>
    /// <param name="queue">The queue it is for.</param>
    public static OutgoingMessage Apart(JsonElement command, string queue) =>
        new()
        {
            MessageId =
                command.TryGetProperty("messageId", out var id) && id.ValueKind == JsonValueKind.String && id.TryGetGuid(out var messageId)
                    ? messageId
                    : NewId.NextGuid(),
            Destination = $"exchange:{queue}",
            ContentType = Json,
            MessageTypes = Command,
            Body = JsonMarshal.GetRawUtf8Value(command).ToArray(),
        };

    /// <summary>All of them in one message.</summary>
    /// <param name="commands">Commands for the same exchange.</param>
    public static OutgoingMessage Of(IReadOnlyList<OutgoingMessage> commands)
    {
        var body = new ArrayBufferWriter<byte>(commands.Sum(command => command.Body.Length) + 256);
        var messageId = NewId.NextGuid();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteString("messageId", messageId);
            json.WriteStartArray("messageType");
            json.WriteStringValue(Bundle);
            json.WriteEndArray();
            json.WriteStartObject("message");
            json.WriteStartArray("commands");
            foreach (var command in commands)
                json.WriteRawValue(command.Body.Span, skipInputValidation: true);
            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return new OutgoingMessage
        {
            MessageId = messageId,
            Destination = commands[0].Destination,
            ContentType = ContentType.ToString(),
            MessageTypes = Bundle,
            Body = body.WrittenMemory,
        };
    }
}
