using NotificationBus.Notifications;
using NotificationBus.Outgoing;
using NotificationBus.Providers.Controls;

namespace NotificationBus.Repairs;

/// <summary>
/// The repairs that operators have planned, and what has become of each of their notifications. Any number of hosts run them: one at a time
/// is at a repair, for as long as it renews its lease.
/// </summary>
public interface IRepairs
{
    /// <summary>Keeps a plan, and writes down who made it and why.</summary>
    /// <param name="repair">The plan.</param>
    /// <param name="items">Its notifications, each once.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task Add(Repair repair, IReadOnlyList<RepairItem> items, CancellationToken cancellationToken);

    /// <summary>A repair with its groups, or null.</summary>
    Task<Repair?> Find(Guid id, CancellationToken cancellationToken);

    /// <summary>Repairs without their groups, the newest first: one page.</summary>
    /// <param name="application">Those of this application; null for all there are.</param>
    /// <param name="after">Those after this place; null for the first page.</param>
    /// <param name="limit">The most of them.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<IReadOnlyList<Repair>> List(
        string? application,
        (DateTimeOffset At, Guid Id)? after,
        int limit,
        CancellationToken cancellationToken
    );

    /// <summary>Notifications of a repair, those that began last first: one page.</summary>
    /// <param name="id">The repair.</param>
    /// <param name="status">Those of this status; null for all.</param>
    /// <param name="after">Those after this place; null for the first page.</param>
    /// <param name="limit">The most of them.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<IReadOnlyList<RepairItem>> Items(
        Guid id,
        RepairItemStatus? status,
        NotificationCursor? after,
        int limit,
        CancellationToken cancellationToken
    );

    /// <summary>Runs, pauses or stops a repair, and writes down who did so and why. Whoever is at it notices before the next one.</summary>
    /// <returns>False when it does not stand so that it could be; then nothing is changed.</returns>
    Task<bool> Change(Guid id, RepairChange change, ChangedBy by, CancellationToken cancellationToken);

    /// <summary>Those of some notifications in whose place another one was begun.</summary>
    Task<IReadOnlySet<Guid>> RepairedAmong(IReadOnlyCollection<Guid> notificationIds, CancellationToken cancellationToken);

    /// <summary>Takes a repair that runs and that nobody is at: also one whose host has not renewed its lease.</summary>
    /// <param name="owner">Whoever takes it.</param>
    /// <param name="lease">How long others keep away.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>What is taken; null when there is nothing to do.</returns>
    Task<RepairTurn?> Take(Guid owner, TimeSpan lease, CancellationToken cancellationToken);

    /// <summary>The notifications that are to be begun, the oldest first.</summary>
    Task<IReadOnlyList<RepairItem>> Next(Guid id, int limit, CancellationToken cancellationToken);

    /// <summary>
    /// Writes down what became of an item, and schedules the message that begins the other notification, together: one is not without the
    /// other. About a notification that is done once, in all repairs together.
    /// </summary>
    /// <param name="turn">The turn, which goes on.</param>
    /// <param name="item">What is written down.</param>
    /// <param name="message">The message; null when the item is left out.</param>
    /// <param name="lease">How long others keep away from now on.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The turn as it stands; null when it is over, and then nothing is written and nothing scheduled.</returns>
    /// <exception cref="RepairedBeforeException">Another repair was faster; then nothing is written and nothing scheduled.</exception>
    Task<RepairTurn?> Record(
        RepairTurn turn,
        RepairItem item,
        OutgoingMessage? message,
        TimeSpan lease,
        CancellationToken cancellationToken
    );

    /// <summary>Ends a turn: the repair is done, or paused because as many were begun as it was to be.</summary>
    Task End(RepairTurn turn, RepairStatus status, string? note, CancellationToken cancellationToken);
}

/// <summary>The turn of a host at a repair.</summary>
/// <param name="Id">The repair.</param>
/// <param name="Owner">Who has the turn.</param>
/// <param name="PerSecond">The most that are begun in a second.</param>
/// <param name="Left">How many more may be begun until somebody runs it again.</param>
public sealed record RepairTurn(Guid Id, Guid Owner, int PerSecond, int Left);

/// <summary>A change of a repair.</summary>
/// <param name="To"><see cref="RepairStatus.Running"/>, <see cref="RepairStatus.Paused"/> or <see cref="RepairStatus.Stopped"/>.</param>
/// <param name="PerSecond">The most that are begun in a second, 1 to <see cref="Repair.MostPerSecond"/>; for a run.</param>
/// <param name="Limit">How many may be begun until somebody runs it again; for a run.</param>
public sealed record RepairChange(RepairStatus To, int PerSecond = Repair.UsualPerSecond, int Limit = Repair.MostItems)
{
    /// <summary>The states in which it can be changed so.</summary>
    public IReadOnlyList<RepairStatus> From { get; } =
        To switch
        {
            RepairStatus.Running => [RepairStatus.Planned, RepairStatus.Running, RepairStatus.Paused],
            RepairStatus.Paused => [RepairStatus.Running],
            RepairStatus.Stopped => [RepairStatus.Planned, RepairStatus.Running, RepairStatus.Paused],
            _ => throw new ArgumentOutOfRangeException(nameof(To)),
        };

    /// <summary>The entry that is written down among the changes of operators.</summary>
    public object Noted =>
        To switch
        {
            RepairStatus.Running => new { run = new { perSecond = PerSecond, limit = Limit } },
            RepairStatus.Paused => new { pause = true },
            _ => new { stop = true },
        };

    /// <summary>The entry of a plan.</summary>
    public static object NotePlan(IReadOnlyList<RepairItem> items)
    {
        var planned = items.Count(item => item.Status == RepairItemStatus.Planned);
        return new { plan = planned, leftOut = items.Count - planned };
    }

    /// <summary>The name that a repair has there.</summary>
    public static string SubjectOf(Guid id) => $"repair {id}";
}

/// <summary>Another notification was begun in the place of this one by another repair.</summary>
public sealed class RepairedBeforeException() : Exception("another repair was faster");
