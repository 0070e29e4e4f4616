using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using MassTransit;
using MassTransit.Serialization;
using NotificationBus.Intake;
using NotificationBus.Messaging;
using NotificationBus.Model;
using NotificationBus.Planning;

namespace NotificationBus.Failures;

/// <summary>
/// Keeps what was published by SQL and cannot be taken among the failed messages, as it would be had it come over the bus: with the reason,
/// and such that it can be replayed when its type is known.
/// </summary>
public sealed class RefusedRows
{
    /// <summary>The place they failed at, where those of the bus have their queue.</summary>
    public const string Place = "intake_event";

    /// <summary>The header that names the user of the database who published it.</summary>
    public const string ProducerHeader = "SQL-Producer";

    readonly IFailedMessages _record;
    readonly Rejections _rejections;
    readonly PlanningRules _planning;

    internal RefusedRows(IFailedMessages record, Rejections rejections, PlanningRules planning) =>
        (_record, _rejections, _planning) = (record, rejections, planning);

    /// <summary>Keeps one, and has its producer told as those on the bus are. Kept twice it is there once.</summary>
    /// <param name="row">The event.</param>
    /// <param name="contract">Its contract; null when there is no event of that name.</param>
    /// <param name="reason">Why it cannot be taken.</param>
    /// <param name="application">
    /// The application of its producer, to be said when it is replayed; null when that goes without saying.
    /// </param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="NoRoomException">All of the failed messages wait for a decision. It is not kept.</exception>
    public async Task Keep(IntakeRow row, Type? contract, string reason, string? application, CancellationToken cancellationToken)
    {
        var kind = contract is null ? FailureKind.NobodyTakesIt : FailureKind.Failed;
        string[] types = contract is null ? [] : [MessageUrn.ForTypeString(contract)];
        var failure = new Failure
        {
            Id = DeterministicId.From("failed-message", Place, $"{row.Id:N}"),
            FailureId = row.Id,
            Queue = Place,
            Destination = contract is null ? null : $"{SagaEndpoint.Of(_planning.LaneOf(row.EventType))}",
            Explanation = FailureExplanation.Of(kind, exceptionType: null, reason, Place),
            MessageId = $"{row.Id}",
            MessageTypes = types,
            ContentType = contract is null ? "application/json" : SystemTextJsonMessageSerializer.JsonContentType.MediaType,
            Headers = (
                application is null
                    ? new JsonObject { [ProducerHeader] = row.Producer }
                    : new JsonObject { [ProducerHeader] = row.Producer, [ApplicationHeader.Name] = application }
            ).ToJsonString(),
            EventName = contract is null ? null : row.EventType,
            Body = contract is null ? row.Event : Envelope(row, types),
        };
        await _record.Record(failure, cancellationToken);
        await _rejections.Announce(failure, cancellationToken);
    }

    static byte[] Envelope(IntakeRow row, string[] types)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteString("messageId", row.Id);
            json.WriteStartArray("messageType");
            foreach (var type in types)
                json.WriteStringValue(type);
            json.WriteEndArray();
            json.WritePropertyName("message");
            json.WriteRawValue(row.Event, skipInputValidation: true);
            json.WriteEndObject();
        }

        return bytes.ToArray();
    }
}
