using System.Net.Mime;
using System.Text.Json;
using System.Text.Json.Serialization;
using MassTransit;
using MassTransit.Serialization;

namespace NotificationBus.Intake;

/// <summary>
/// Writes the envelope of a message as MassTransit does, and leaves out what nobody reads: line breaks and blanks, properties without a
/// value, the machine it comes from (beside the source address), and the address the broker knows anyway. They would be a good part of what
/// goes over the wire, and with what a step sends into the database.
/// </summary>
sealed class EnvelopeWriter : IMessageSerializer
{
    static readonly JsonSerializerOptions Lean = new(SystemTextJsonMessageSerializer.Options)
    {
        WriteIndented = false,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    public ContentType ContentType => SystemTextJsonMessageSerializer.JsonContentType;

    public MessageBody GetMessageBody<T>(SendContext<T> context)
        where T : class =>
        new SystemTextJsonMessageBody<T>(
            context,
            Lean,
            new JsonMessageEnvelope(context, context.Message) { DestinationAddress = null, Host = null }
        );
}
