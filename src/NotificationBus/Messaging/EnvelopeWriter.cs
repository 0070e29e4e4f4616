using System.Net.Mime;
using System.Text.Json;

using MassTransit;
using MassTransit.Serialization;

namespace NotificationBus.Messaging;

/// <summary>
/// Writes the envelope of a message as MassTransit does, without the line breaks and blanks it puts in for people: they would be a good part of
/// what goes over the wire, and with what a step sends into the database.
/// </summary>
sealed class EnvelopeWriter : IMessageSerializer
{
    static readonly JsonSerializerOptions Compact = new(SystemTextJsonMessageSerializer.Options) { WriteIndented = false };

    public ContentType ContentType => SystemTextJsonMessageSerializer.JsonContentType;

    public MessageBody GetMessageBody<T>(SendContext<T> context)
        where T : class =>
        new SystemTextJsonMessageBody<T>(context, Compact);
}
