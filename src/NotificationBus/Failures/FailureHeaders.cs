using System.Globalization;
using System.Text.Json;
using MassTransit;
using NotificationBus.Intake;
using NotificationBus.Outgoing;

namespace NotificationBus.Failures;

/// <summary>The headers of a message that is set aside, for whoever records it and for whoever looks into the queue before.</summary>
static class FailureHeaders
{
    public const string Prefix = "NB-";

    public const string FailureId = "NB-Failure-Id";
    public const string Queue = "NB-Failure-Queue";
    public const string Kind = "NB-Failure-Kind";
    public const string Cause = "NB-Failure-Cause";
    public const string ExceptionType = "NB-Failure-ExceptionType";
    public const string Reason = "NB-Failure-Reason";

    /// <summary>The event it should have been.</summary>
    public const string Event = "NB-Failure-Event";

    /// <summary>
    /// The message's own id, content type and headers. As properties of its copy the broker might refuse them, or act on them.
    /// </summary>
    public const string MessageId = "NB-Failure-MessageId";
    public const string ContentType = "NB-Failure-ContentType";
    public const string Headers = "NB-Failure-Headers";

    /// <summary>The length of the body, when it is not here whole.</summary>
    public const string BodyLength = PartlyKept.LengthHeader;

    /// <summary>On a message that is replayed: the record it comes from.</summary>
    public const string ReplayOf = OutgoingMessage.ReplayOfHeader;

    /// <summary>The length of the body, when it is not here whole; null when nothing says so.</summary>
    public static long? LengthIn(ReceiveContext context) =>
        context.TransportHeaders.TryGetHeader(BodyLength, out var said)
        && long.TryParse(said as string, NumberStyles.None, CultureInfo.InvariantCulture, out var length)
            ? length
            : null;

    /// <summary>Writes what is known of a failure, and in MassTransit's own words what its tools look for.</summary>
    public static void Write(SendHeaders headers, Failure failure)
    {
        var explanation = failure.Explanation;
        headers.Set(FailureId, failure.FailureId.ToString());
        headers.Set(Queue, failure.Queue);
        headers.Set(Kind, explanation.Kind.ToString());
        headers.Set(Cause, explanation.Cause);
        headers.Set(ExceptionType, explanation.ExceptionType);
        headers.Set(Reason, explanation.Reason);
        headers.Set(Event, failure.EventName);
        headers.Set(MessageId, failure.MessageId);
        headers.Set(ContentType, failure.ContentType);
        headers.Set(Headers, failure.Headers);
        if (Text(failure.Headers, ApplicationHeader.Name) is { } application)
            headers.Set(ApplicationHeader.Name, application);
        headers.Set(BodyLength, failure.BodyLength?.ToString(CultureInfo.InvariantCulture));
        headers.Set(ReplayOf, failure.ReplayOf?.ToString());
        headers.Set(MassTransit.MessageHeaders.FaultExceptionType, explanation.ExceptionType);
        headers.Set(MassTransit.MessageHeaders.FaultMessage, explanation.Reason);
    }

    static string? Text(string json, string name)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;
    }
}
