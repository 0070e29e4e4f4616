namespace NotificationBus.Sending;

/// <summary>
/// Deliveries that the sandboxes of a fleet caught, for the inboxes of all its hosts. They are there to be looked at: only the newest are
/// kept, and while no host has an inbox none are.
/// </summary>
public interface ICaughtDeliveries
{
    /// <summary>Asks whether a host shows an inbox, so that somebody may look at what is added.</summary>
    Task<bool> AreWanted(CancellationToken cancellationToken);

    /// <summary>Adds deliveries in the order in which they were caught, and lets the oldest go beyond <paramref name="most"/>.</summary>
    Task Add(IReadOnlyList<CaughtText> caught, int most, CancellationToken cancellationToken);

    /// <summary>
    /// Reads what was added after a number, oldest first, and the edition it belongs to. Whoever asks is taken to have an inbox for half a
    /// minute.
    /// </summary>
    Task<(Guid Edition, IReadOnlyList<NumberedText> Added)> After(long number, CancellationToken cancellationToken);

    /// <summary>Forgets those of some notifications, and begins another edition when there were any.</summary>
    /// <param name="notifications">The ids.</param>
    /// <param name="apply">False to count alone.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>How many.</returns>
    Task<int> Forget(IReadOnlyCollection<Guid> notifications, bool apply, CancellationToken cancellationToken);

    /// <summary>Forgets all of them, and begins another edition.</summary>
    Task Clear(CancellationToken cancellationToken);
}

/// <summary>A caught delivery as it is kept.</summary>
/// <param name="At">When it was caught.</param>
/// <param name="Text">The delivery as JSON.</param>
public sealed record CaughtText(DateTimeOffset At, string Text);

/// <summary>A caught delivery with its number.</summary>
/// <param name="Number">Counts up, for all hosts together.</param>
/// <param name="Caught">The delivery.</param>
public sealed record NumberedText(long Number, CaughtText Caught);
