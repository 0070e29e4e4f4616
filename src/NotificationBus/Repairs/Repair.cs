using NotificationBus.Providers.Controls;

namespace NotificationBus.Repairs;

/// <summary>
/// A plan to begin anew what has failed: the notifications that a filter found at one moment, each once. What is run is this list, and
/// never the filter again.
/// </summary>
public sealed record Repair
{
    /// <summary>The most notifications of one plan.</summary>
    public const int MostItems = 10_000;

    /// <summary>The most that are begun in a second.</summary>
    public const int MostPerSecond = 100;

    /// <summary>The number that are begun in a second when nobody says otherwise.</summary>
    public const int UsualPerSecond = 10;

    /// <summary>The repair.</summary>
    public required Guid Id { get; init; }

    /// <summary>The application whose notifications it is about; null for those of all.</summary>
    public string? Application { get; init; }

    /// <summary>The status of the repair.</summary>
    public RepairStatus Status { get; init; }

    /// <summary>The reason why it stands so, when nobody has said it: for instance that as many were begun as it was to be.</summary>
    public string? Note { get; init; }

    /// <summary>The conditions of the search, by their names; of an address only that there was one.</summary>
    public required IReadOnlyDictionary<string, string> Filter { get; init; }

    /// <summary>False when more were found than a plan may have, or than it was to have.</summary>
    public required bool IsComplete { get; init; }

    /// <summary>Author and reason of the plan.</summary>
    public required ChangedBy By { get; init; }

    /// <summary>The time at which it was planned, by the store's clock.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>The time at which it was first run; null before.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>The time at which it was done or stopped; null before.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>The most that are begun in a second.</summary>
    public int PerSecond { get; init; } = UsualPerSecond;

    /// <summary>The groups of its notifications that have all in common that is asked about here.</summary>
    public IReadOnlyList<RepairGroup> Groups { get; init; } = [];
}

/// <summary>The status of a repair.</summary>
public enum RepairStatus
{
    /// <summary>Nothing has begun.</summary>
    Planned,

    /// <summary>A host is at it, or will be in a moment.</summary>
    Running,

    /// <summary>It goes on when it is run again.</summary>
    Paused,

    /// <summary>It was ended before it was done, and does not go on.</summary>
    Stopped,

    /// <summary>Nothing of it is left to do.</summary>
    Done,
}

/// <summary>One notification of a repair.</summary>
public sealed record RepairItem
{
    /// <summary>The notification that has failed.</summary>
    public required Guid NotificationId { get; init; }

    /// <summary>The time at which that began.</summary>
    public required DateTimeOffset BeganAt { get; init; }

    /// <summary>The category.</summary>
    public required string Category { get; init; }

    /// <summary>The reason why it has failed.</summary>
    public required RepairCause Cause { get; init; }

    /// <summary>The status of the item.</summary>
    public RepairItemStatus Status { get; init; }

    /// <summary>The reason why it is left out.</summary>
    public RepairExclusion? LeftOut { get; init; }

    /// <summary>The same for a person to read, where there is more to say.</summary>
    public string? Detail { get; init; }

    /// <summary>The channels it would go by first.</summary>
    public IReadOnlyList<string> Channels { get; init; } = [];

    /// <summary>The cost of that, where prices are set (<c>Channels:{channel}:Guard:Price</c>).</summary>
    public decimal? Cost { get; init; }

    /// <summary>The notification in its place, once it is begun: the same whoever begins it.</summary>
    public Guid? RepairedBy { get; init; }

    /// <summary>The time at which it was begun, or left out by the run; null before, and for what the plan has left out.</summary>
    public DateTimeOffset? At { get; init; }
}

/// <summary>The status of one notification of a repair.</summary>
public enum RepairItemStatus
{
    /// <summary>It is to be begun anew.</summary>
    Planned,

    /// <summary>It is not, and the reason stands beside it.</summary>
    LeftOut,

    /// <summary>Another notification was begun in its place.</summary>
    Repaired,
}

/// <summary>The reason why a notification is left out of a repair.</summary>
public enum RepairExclusion
{
    /// <summary>A channel has reached the recipient.</summary>
    Reached,

    /// <summary>It has no outcome yet.</summary>
    UnderWay,

    /// <summary>It is held, or a provider may have it: nobody knows whether it went out.</summary>
    InDoubt,

    /// <summary>It is of no use any more.</summary>
    Expired,

    /// <summary>No address is left that may be used.</summary>
    Suppressed,

    /// <summary>It was cancelled, or its business key was withdrawn.</summary>
    Withdrawn,

    /// <summary>Another one was begun in its place before; when that has failed, it can be repaired itself.</summary>
    RepairedBefore,

    /// <summary>Today's settings and texts would send nothing either, or its producer gave what it says.</summary>
    StillFails,

    /// <summary>It is not on record any more.</summary>
    Gone,
}

/// <summary>The reason why a notification has failed, as far as many have it in common.</summary>
/// <param name="Code">In one word, see <c>docs/api.md</c>; none when it has not failed.</param>
/// <param name="Channel">The channel of the delivery that says most; null when there was no delivery.</param>
/// <param name="Provider">The account that was asked last; null when none was.</param>
public sealed record RepairCause(string Code, string? Channel, string? Provider)
{
    /// <summary>Of what has not failed.</summary>
    public static RepairCause None { get; } = new("none", Channel: null, Provider: null);
}

/// <summary>Notifications of a repair that have all of this in common.</summary>
/// <param name="Status">Their status.</param>
/// <param name="LeftOut">Why they are left out; null when they are not.</param>
/// <param name="Cause">Why they have failed.</param>
/// <param name="Channel">The first channel they would go by; null for what is left out.</param>
/// <param name="SincePlanned">True when it was the run that left them out.</param>
/// <param name="Count">How many they are.</param>
/// <param name="Cost">What they cost together; null when no price is set.</param>
public sealed record RepairGroup(
    RepairItemStatus Status,
    RepairExclusion? LeftOut,
    RepairCause Cause,
    string? Channel,
    bool SincePlanned,
    long Count,
    decimal? Cost
);
