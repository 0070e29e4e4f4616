namespace NotificationBus.Subscriptions;

/// <summary>
/// The streams of what becomes of notifications, and what each tells. What is told is written by the statement that stores the step it is
/// about. It gets its number when somebody reads the stream: so numbers are in the order in which they can be read, whichever host has
/// written what and when it was committed.
/// </summary>
public interface IEventStreams
{
    /// <summary>All of them.</summary>
    Task<IReadOnlyList<StreamListener>> Load(CancellationToken cancellationToken);

    /// <summary>
    /// Opens one, and tells every host. False when its application has <see cref="StreamListener.Most"/>, or there are
    /// <see cref="StreamListener.MostInAll"/>.
    /// </summary>
    Task<bool> Open(StreamListener stream, CancellationToken cancellationToken);

    /// <summary>Numbers what these streams have to tell by now, so many of each, and notes that somebody reads them.</summary>
    /// <returns>How much there is of each; those that are not on record any more are not in it.</returns>
    Task<IReadOnlyDictionary<Guid, StreamExtent>> Advance(
        IReadOnlyCollection<Guid> streams,
        int limit,
        CancellationToken cancellationToken
    );

    /// <summary>What has a number and comes after this one, in order. Nothing when some of that is not kept any more.</summary>
    Task<IReadOnlyList<StreamedEvent>> After(StreamPlace place, int limit, CancellationToken cancellationToken);

    /// <summary>Closes those that nobody has read for so long, and forgets what the others have told before that.</summary>
    Task Forget(TimeSpan age, CancellationToken cancellationToken);
}
