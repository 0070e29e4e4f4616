using NotificationBus.Model;
using NotificationBus.Notifications;

namespace NotificationBus.Erasures;

/// <summary>
/// The record of a person who is to be erased: where it finds what belongs to the person, and how it takes the person out of it. Each
/// method may be called again with the same, and then finds less to do.
/// </summary>
public interface IErasures
{
    /// <summary>The key of the names that stand in the place of people. It is made when somebody asks for the first time.</summary>
    Task<ErasureKey> Key(CancellationToken cancellationToken);

    /// <summary>Finds the notifications of a person that are not erased, the oldest first: one page.</summary>
    /// <param name="person">The person.</param>
    /// <param name="after">Those after this place; null for the first page.</param>
    /// <param name="limit">The most of them.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<FoundOfPerson> Find(ErasedPerson person, NotificationCursor? after, int limit, CancellationToken cancellationToken);

    /// <summary>Counts what would go with some notifications, and changes nothing.</summary>
    Task<ErasedRows> Count(IReadOnlyList<ErasedNotification> notifications, CancellationToken cancellationToken);

    /// <summary>
    /// Writes notifications as they are after the erasure, and erases what belongs to them: contents that nobody else is told, attempts,
    /// steps, references, commands that wait, and what subscribers are told. One that somebody else has written since it was read is left
    /// as it is.
    /// </summary>
    Task<ErasedRows> Erase(IReadOnlyList<ErasedNotification> notifications, CancellationToken cancellationToken);

    /// <summary>
    /// Finds what names a person and belongs to no notification: suppressions, which go on under a hash, what is noted of these, failed
    /// messages, and the filters of repairs.
    /// </summary>
    /// <param name="traces">By what the person is known.</param>
    /// <param name="apply">False to count alone.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<ErasedTraces> Erase(TracesOfPerson traces, bool apply, CancellationToken cancellationToken);
}

/// <summary>Deliveries that were caught instead of sent, where somebody can look at them.</summary>
public interface IErasableInbox
{
    /// <summary>Forgets those of some notifications.</summary>
    /// <param name="notifications">Their ids.</param>
    /// <param name="apply">False to count alone.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>How many.</returns>
    Task<int> Forget(IReadOnlyCollection<Guid> notifications, bool apply, CancellationToken cancellationToken);
}

/// <summary>A person to be erased.</summary>
/// <param name="Application">The application.</param>
/// <param name="Recipient">The recipient's id; null when only addresses are known.</param>
/// <param name="Addresses">Addresses, in each form in which a channel may keep them.</param>
public sealed record ErasedPerson(string Application, string? Recipient, IReadOnlyList<string> Addresses);

/// <summary>A page of notifications.</summary>
/// <param name="Notifications">The oldest first.</param>
/// <param name="Next">The place after which the next page begins; null when there is none.</param>
public sealed record FoundOfPerson(IReadOnlyList<NotificationState> Notifications, NotificationCursor? Next);

/// <summary>A notification that is erased.</summary>
/// <param name="Before">As it was read.</param>
/// <param name="After">As it is to be written, under the next version.</param>
public sealed record ErasedNotification(NotificationState Before, NotificationState After)
{
    /// <summary>The names under which files are kept that were fetched for it, and their octets.</summary>
    public IReadOnlyList<Guid> Files { get; init; } = [];
}

/// <summary>What was erased with notifications.</summary>
/// <param name="Notifications">Their ids.</param>
/// <param name="Contents">The texts that were kept, those that nobody else is told.</param>
/// <param name="WebhookBodies">What subscribers are told.</param>
public sealed record ErasedRows(IReadOnlySet<Guid> Notifications, int Contents, int WebhookBodies);

/// <summary>By what a person is known.</summary>
/// <param name="Application">The application.</param>
/// <param name="Recipients">The ids.</param>
/// <param name="Addresses">The addresses, as channels write them.</param>
/// <param name="Key">Names what stands in their place.</param>
public sealed record TracesOfPerson(
    string Application,
    IReadOnlyCollection<string> Recipients,
    IReadOnlyCollection<string> Addresses,
    ErasureKey Key
)
{
    /// <summary>These, and further ones of the same person.</summary>
    public TracesOfPerson And(TracesOfPerson more) =>
        this with
        {
            Recipients = [.. Recipients, .. more.Recipients],
            Addresses = [.. Addresses, .. more.Addresses],
        };
}

/// <summary>What was erased beside notifications.</summary>
/// <param name="Suppressions">Suppressed addresses. They stay suppressed.</param>
/// <param name="FailedMessages">Failed messages, whose bodies are gone.</param>
/// <param name="Notes">Entries of the diary, and filters of repairs.</param>
public sealed record ErasedTraces(int Suppressions, int FailedMessages, int Notes)
{
    /// <summary>Adds up.</summary>
    public static ErasedTraces operator +(ErasedTraces one, ErasedTraces other) =>
        new(one.Suppressions + other.Suppressions, one.FailedMessages + other.FailedMessages, one.Notes + other.Notes);
}
