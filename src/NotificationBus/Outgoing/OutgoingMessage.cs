using System.Text.Json.Nodes;
using MassTransit;
using NotificationBus.Contracts;
using NotificationBus.Intake;

namespace NotificationBus.Outgoing;

/// <summary>A message that is to be published, exactly as it goes over the wire.</summary>
public sealed record OutgoingMessage
{
    /// <summary>The header of a message that is replayed: the record it comes from.</summary>
    public const string ReplayOfHeader = "NB-Replay-Of";

    readonly Guid? _token;

    /// <summary>Derived from what it says, or from the message that caused it: publishing it again is the same message.</summary>
    public required Guid MessageId { get; init; }

    /// <summary>
    /// The token it is kept under and cancelled by: its id, except for a message that keeps its id when it is delivered again.
    /// </summary>
    public Guid Token
    {
        get => _token ?? MessageId;
        init => _token = value;
    }

    /// <summary>The number of times it was rescheduled under its token.</summary>
    public int Revision { get; init; }

    /// <summary>
    /// The notification it belongs to, when it is a command that was put off: whoever asks sees that somebody will work on it.
    /// </summary>
    public Guid? NotificationId { get; init; }

    /// <summary>When that notification was accepted, as far as it is known.</summary>
    public DateTimeOffset? OccurredAt { get; init; }

    /// <summary>The exchange, such as <c>exchange:send-{channel}</c>. Without host, so that it holds after the broker moved.</summary>
    public required string Destination { get; init; }

    /// <summary>The body's content type.</summary>
    public required string ContentType { get; init; }

    /// <summary>The message types as URNs, separated by <c>;</c>.</summary>
    public required string MessageTypes { get; init; }

    /// <summary>The body as the serializer wrote it.</summary>
    public required ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>The failed message it replays.</summary>
    public Guid? ReplayOf { get; init; }

    /// <summary>The producer's headers as a JSON object; null for none.</summary>
    public string? Headers { get; init; }

    /// <summary>
    /// The time to publish it, or, once it is taken, the time it was due: it may have been moved meanwhile. Null for at once.
    /// </summary>
    public DateTimeOffset? DueAt { get; init; }

    /// <summary>
    /// The channel, provider or turn it waits for, such as <c>channel email</c>, which may bring it out before it is due; see
    /// <see cref="IOutgoingMessages.Release"/>.
    /// </summary>
    public string? WaitsFor { get; init; }

    /// <summary>
    /// The time until which <see cref="IOutgoingMessages.Release"/> may put it off where many wait for the same; null for not at all.
    /// </summary>
    public DateTimeOffset? AtTheLatest { get; init; }

    /// <summary>Takes the message off its way to the transport.</summary>
    public static OutgoingMessage From<T>(SendContext<T> context, Guid messageId, DateTimeOffset? dueAt = null)
        where T : class
    {
#pragma warning disable RS0030 // This is the guard that BannedSymbols.txt speaks of.
        if (context.Delay is not null)
            throw new NotSupportedException("SendContext.Delay needs the delayed-exchange plug-in; schedule the message instead");
#pragma warning restore RS0030

        context.MessageId = messageId;
        return new OutgoingMessage
        {
            MessageId = messageId,
            Destination = $"exchange:{ExchangeOf(context.DestinationAddress!)}",
            ContentType = context.Serializer.ContentType.ToString(),
            MessageTypes = string.Join(';', context.SupportedMessageTypes),
            Body = context.Serializer.GetMessageBody(context).GetBytes(),
            DueAt = dueAt,
            // For whom it is published is no part of the body: whoever takes it believes it of this header alone.
            Headers = context.Headers.TryGetHeader(ApplicationHeader.Name, out var application)
                ? new JsonObject { [ApplicationHeader.Name] = $"{application}" }.ToJsonString()
                : null,
            NotificationId = (context.Message as SendDelivery)?.NotificationId,
            OccurredAt = (context.Message as SendDelivery)?.OccurredAt,
        };
    }

    static string ExchangeOf(Uri address)
    {
        var path = address.AbsolutePath;
        return Uri.UnescapeDataString(path[(path.LastIndexOf('/') + 1)..]);
    }
}
