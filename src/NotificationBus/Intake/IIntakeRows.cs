namespace NotificationBus.Intake;

/// <summary>
/// The events that producers have published by SQL, with a transaction of their own, and that no host has taken yet. Any number of hosts
/// take them side by side. Only a record in PostgreSQL has them.
/// </summary>
public interface IIntakeRows
{
    /// <summary>
    /// Takes what is due, the longest due first, for a while: what is neither removed nor put off by then another may take. What was taken
    /// twice so, and not ended, comes alone.
    /// </summary>
    /// <param name="lease">How long.</param>
    /// <param name="limit">The most.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<IReadOnlyList<IntakeRow>> Take(TimeSpan lease, int limit, CancellationToken cancellationToken);

    /// <summary>Removes what is published, or set aside.</summary>
    Task Remove(IReadOnlyCollection<IntakeRow> rows, CancellationToken cancellationToken);

    /// <summary>Gives back what could not be taken now through no fault of its own, unless another has taken it since.</summary>
    Task PutOff(IReadOnlyCollection<IntakeRow> rows, TimeSpan by, CancellationToken cancellationToken);

    /// <summary>Waits until something is published, but not for ever. It may end early.</summary>
    Task Wait(TimeSpan atMost, CancellationToken cancellationToken);

    /// <summary>Returns how long the one waits that has waited longest; null when none does.</summary>
    Task<TimeSpan?> LongestWait(CancellationToken cancellationToken);
}

/// <summary>An event that was published by SQL.</summary>
/// <param name="Id">Its row.</param>
/// <param name="EventType">The event's name, such as <c>order-placed</c>. It may be none that there is.</param>
/// <param name="Event">The event as JSON, with an event id.</param>
/// <param name="Producer">The user of the database who published it.</param>
/// <param name="Times">How often it was taken, this time included.</param>
public sealed record IntakeRow(Guid Id, string EventType, byte[] Event, string Producer, int Times);
