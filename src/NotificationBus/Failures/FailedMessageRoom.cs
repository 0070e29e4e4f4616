using NotificationBus.Status;

namespace NotificationBus.Failures;

/// <summary>The room for failed messages that is taken, and its limits.</summary>
/// <param name="Count">How many there are.</param>
/// <param name="Bytes">How large their bodies are together.</param>
/// <param name="Limits">How many and how large they may be.</param>
public sealed record FailedMessageRoom(long Count, long Bytes, RetentionOptions Limits)
{
    /// <summary>The share that is taken: 1 when there is no room for another.</summary>
    public double Taken => Math.Max((double)Count / Limits.FailedMessagesCount, (double)Bytes / Limits.FailedMessagesBytes);

    /// <summary>True when there is no room for another.</summary>
    public bool IsFull => Taken >= 1;
}

/// <summary>Every failed message there is room for waits for a decision. Another one stays in its queue until there is room.</summary>
public sealed class NoRoomException()
    : Exception(
        "there is no room for another failed message: replay or archive some, or raise Retention:FailedMessagesCount or "
            + "Retention:FailedMessagesBytes"
    );

/// <summary>Says that the room for failed messages ends, before it does.</summary>
sealed class LittleRoom(IFailedMessages failed) : IProblemSource
{
    const double Enough = 0.8;

    public async Task<IReadOnlyList<Problem>> Find(CancellationToken cancellationToken)
    {
        var room = await failed.Room(cancellationToken);
        return room.Taken < Enough
            ? []
            :
            [
                new Problem
                {
                    Code = room.IsFull ? "failed-messages-full" : "failed-messages-nearly-full",
                    Detail =
                        $"{room.Count} failed messages of at most {room.Limits.FailedMessagesCount} with {room.Bytes} bytes of at most "
                        + $"{room.Limits.FailedMessagesBytes} are on record; "
                        + (
                            room.IsFull
                                ? "further ones wait in the queue notifications-failed until some are"
                                : "further ones will wait in the queue notifications-failed unless some are"
                        )
                        + " replayed or archived, or Retention:FailedMessagesCount and Retention:FailedMessagesBytes are raised",
                },
            ];
    }
}
