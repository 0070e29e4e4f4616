using System.Text.Json;
using NotificationBus.Providers.Controls;

namespace NotificationBus.Failures;

/// <summary>The messages that were set aside: what can never be processed, and what failed each time it was tried.</summary>
public interface IFailedMessages
{
    /// <summary>
    /// Keeps a failed message, or counts one more failure of it. A failure that is reported twice counts once. When there is no room for
    /// another message, those go that were decided longest ago.
    /// </summary>
    /// <exception cref="NoRoomException">All of them wait for a decision. Nothing is dropped, and this one is not kept.</exception>
    Task Record(Failure failure, CancellationToken cancellationToken);

    /// <summary>Measures how much room is taken.</summary>
    Task<FailedMessageRoom> Room(CancellationToken cancellationToken);

    /// <summary>Failed messages that fit the filter, the last that failed first, one page.</summary>
    Task<IReadOnlyList<FailedMessageSummary>> Search(FailedMessageFilter filter, CancellationToken cancellationToken);

    /// <summary>Those that wait for a decision by cause, the largest groups first, at most <paramref name="limit"/>.</summary>
    Task<IReadOnlyList<FailureCause>> Causes(int limit, CancellationToken cancellationToken);

    /// <summary>One failed message, or null.</summary>
    Task<FailedMessage?> Find(Guid id, CancellationToken cancellationToken);

    /// <summary>
    /// Puts messages that wait for a decision back into their queues as they were; one that is named by its id also with an edited body,
    /// which is kept beside its own, and also when it was archived. That they are replayed and what has to be published for it is stored
    /// together, so that a crash neither loses nor doubles one, and a second call finds nothing to do. So is who did it and why.
    /// </summary>
    /// <returns>How many.</returns>
    Task<int> Replay(FailedMessageChoice choice, ChangedBy by, CancellationToken cancellationToken);

    /// <summary>
    /// Takes messages that wait for a decision off the list. They are kept. Who did it and why is written down together with it.
    /// </summary>
    /// <returns>How many.</returns>
    Task<int> Archive(FailedMessageChoice choice, ChangedBy by, CancellationToken cancellationToken);
}

/// <summary>A choice among the messages that wait for a decision.</summary>
/// <param name="Id">This one; null for all.</param>
/// <param name="Cause">Those of this cause; null for all.</param>
public sealed record FailedMessageChoice(Guid? Id, string? Cause)
{
    /// <summary>The body that goes out in the place of that of the one that is named; null for what came.</summary>
    public EditedBody? Edited { get; init; }

    /// <summary>All of them.</summary>
    public static FailedMessageChoice All { get; } = new(Id: null, Cause: null);

    /// <summary>The name under which it is written down who decided.</summary>
    public string Subject =>
        Id is { } id ? $"failed message {id}"
        : Cause is { } cause ? $"failed messages {cause}"
        : "failed messages";

    /// <summary>Makes the entry that is written down when something was done with some of them.</summary>
    public JsonElement Change(string done, int count)
    {
        var entry = new Dictionary<string, int>(StringComparer.Ordinal) { [done] = count };
        if (Edited is not null)
            entry["edited"] = count;
        return JsonSerializer.SerializeToElement(entry);
    }
}

/// <summary>A filter of failed messages.</summary>
public sealed record FailedMessageFilter
{
    /// <summary>The state they are in; null for all.</summary>
    public FailedMessageState? State { get; init; }

    /// <summary>The cause; null for all.</summary>
    public string? Cause { get; init; }

    /// <summary>The queue; null for all.</summary>
    public string? Queue { get; init; }

    /// <summary>Those that come after this place in the order; null for the first page.</summary>
    public FailedMessageCursor? After { get; init; }

    /// <summary>The most messages to return.</summary>
    public required int Limit { get; init; }
}

/// <summary>A place in the order of failed messages: the last that failed first, by id where two failed at the same moment.</summary>
/// <param name="FailedAt">When the last one of the page failed.</param>
/// <param name="Id">Its id.</param>
public sealed record FailedMessageCursor(DateTimeOffset FailedAt, Guid Id);
