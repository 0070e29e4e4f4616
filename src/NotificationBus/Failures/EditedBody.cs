using System.Runtime.Serialization;
using MassTransit.Serialization;
using NotificationBus.Intake;
using NotificationBus.Providers.Controls;

namespace NotificationBus.Failures;

/// <summary>
/// The body of a failed message as an operator has edited it: what goes out in the place of the one that came. It is still that message: it
/// has its id, so that whoever has taken it before takes it no second time.
/// </summary>
public sealed record EditedBody
{
    EditedBody() { }

    /// <summary>The body, an envelope in JSON.</summary>
    public required ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>The body as it is kept: without the texts of people, as that of any failed message.</summary>
    public ReadOnlyMemory<byte> Kept => CarriedContents.LeaveOut(Body.ToArray());

    /// <summary>The id in the envelope.</summary>
    public required Guid MessageId { get; init; }

    /// <summary>The types in the envelope, separated by semicolons.</summary>
    public required string MessageTypes { get; init; }

    /// <summary>The content type of envelopes, whatever the message came as.</summary>
    public static string ContentType { get; } = SystemTextJsonMessageSerializer.JsonContentType.ToString();

    /// <summary>Reads an edited body by the rules that the queues read envelopes by.</summary>
    /// <param name="body">The body, UTF-8.</param>
    /// <param name="messageId">The id of the message as it came; null when it had none.</param>
    /// <returns>The edited body, or what is wrong with it.</returns>
    public static (EditedBody? Edited, string? Refusal) Read(byte[] body, string? messageId)
    {
        try
        {
            var (id, types) = EnvelopeReader.Identify(body);
            return Guid.TryParse(messageId, out var known) && known != Guid.Empty && id != known
                ? (null, $"must keep the messageId {known}: under another one it could be taken twice")
                : (
                    new EditedBody
                    {
                        Body = body,
                        MessageId = id,
                        MessageTypes = string.Join(';', types),
                    },
                    null
                );
        }
        catch (Exception exception) when (exception is SerializationException or InvalidEventException)
        {
            return (null, $"cannot be put back: {exception.Message}");
        }
    }
}

/// <summary>One edited body that a failed message was replayed with.</summary>
/// <param name="Number">The number of the edit; a later one has a larger one.</param>
/// <param name="Body">The body that went out.</param>
/// <param name="By">Who has edited it, and why.</param>
/// <param name="At">When it was put back.</param>
public sealed record FailedMessageEdit(long Number, byte[] Body, ChangedBy By, DateTimeOffset At);
