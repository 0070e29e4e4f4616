namespace NotificationBus.Notifications;

/// <summary>
/// Finds notifications that have not ended and that nobody works on. Every notification is looked at once, when it has reached an
/// age at which it should have ended; only those that have not are kept in mind.
/// </summary>
public interface IUnfinishedNotifications
{
    /// <summary>
    /// Looks at notifications that have newly reached the age, oldest first, and keeps the unfinished in mind. One host at a time does so.
    /// </summary>
    /// <param name="age">
    /// How old they are, by the store's clock. It must be longer than the time from a notification's creation to its commit, the
    /// difference between the hosts' clocks included: one that appears behind those already looked at is not seen.
    /// </param>
    /// <param name="limit">How many it looks at.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>How many it looked at; less than <paramref name="limit"/> when none is left.</returns>
    Task<int> LookAtThoseOf(TimeSpan age, int limit, CancellationToken cancellationToken);

    /// <summary>
    /// Notifications kept in mind that are still unfinished and have no command that waits to be published. Each goes to one host. It is
    /// looked at again later, twice as late each time: a command may simply wait in a long queue, and must not be multiplied.
    /// </summary>
    /// <param name="lookAgain">How long until they are looked at for the second time.</param>
    /// <param name="limit">How many are looked at.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<StalledNotifications> Take(TimeSpan lookAgain, int limit, CancellationToken cancellationToken);
}

/// <summary>The result of <see cref="IUnfinishedNotifications.Take"/>.</summary>
/// <param name="LookedAt">How many it looked at.</param>
/// <param name="Unattended">Those that nobody works on.</param>
public sealed record StalledNotifications(int LookedAt, IReadOnlyList<Guid> Unattended);
