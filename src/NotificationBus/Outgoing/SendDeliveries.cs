using System.Text.Json;
using MassTransit;
using NotificationBus.Contracts;

namespace NotificationBus.Outgoing;

/// <summary>
/// Commands for one queue that were published at the same time, in one message, for the reason of <see cref="Sending.DeliveryResults"/>. A
/// command that is published alone goes as itself. <see cref="CommandBundle"/> writes it.
/// </summary>
[MessageUrn(WireName)]
[EntityName(WireName)]
public sealed record SendDeliveries
{
    // What waits in a queue, and hosts of another version, know it by this name, wherever the type stands.
    const string WireName = "NotificationBus.Sending:SendDeliveries";

    /// <summary>
    /// The commands, each in the envelope it would have alone; see <see cref="CommandEnvelope"/>. Unread, so that one that cannot be read
    /// fails alone.
    /// </summary>
    public required IReadOnlyList<JsonElement> Commands { get; init; }
}

/// <summary>The envelope of a command, as far as it is read here.</summary>
public sealed record CommandEnvelope
{
    /// <summary>The id it has as a message of its own.</summary>
    public required Guid MessageId { get; init; }

    /// <summary>The conversation it belongs to.</summary>
    public Guid? ConversationId { get; init; }

    /// <summary>The command.</summary>
    public required SendDelivery Message { get; init; }
}
