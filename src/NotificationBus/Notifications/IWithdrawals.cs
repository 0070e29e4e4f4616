using NotificationBus.Model;

namespace NotificationBus.Notifications;

/// <summary>
/// The record of business keys that were withdrawn. Whichever comes first, the withdrawal or a notification with its key: the latter is
/// found, or begins withdrawn.
/// </summary>
public interface IWithdrawals
{
    /// <summary>
    /// Remembers a withdrawal. When it completes, each notification it is about is either to be found, or begins withdrawn. Of two with the
    /// same key and category the one that reaches further counts.
    /// </summary>
    /// <param name="withdrawal">The withdrawal.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    Task Remember(Withdrawal withdrawal, CancellationToken cancellationToken);

    /// <summary>Finds the notifications that have begun and that it is about, however they stand: one page, the oldest first.</summary>
    /// <param name="withdrawal">The withdrawal.</param>
    /// <param name="after">Those after this place; null for the first page.</param>
    /// <param name="limit">The most of them.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<IReadOnlyList<NotificationWithKey>> Find(
        Withdrawal withdrawal,
        NotificationCursor? after,
        int limit,
        CancellationToken cancellationToken
    );

    /// <summary>Those of some notifications that would be withdrawn if one with their keys and category began now.</summary>
    Task<IReadOnlySet<Guid>> WouldBeWithdrawn(IReadOnlyList<NotificationState> notifications, CancellationToken cancellationToken);
}

/// <summary>A withdrawal of all notifications with a business key.</summary>
/// <param name="Name">The key's name, such as <c>order</c>.</param>
/// <param name="Value">Its value.</param>
/// <param name="Categories">The categories it is about, each once.</param>
/// <param name="Before">Those that begin from then on are not meant.</param>
/// <param name="Reason">Who withdraws them, and why: see <see cref="CancellationReasons.WithdrawnBy"/>.</param>
public sealed record Withdrawal(string Name, string Value, IReadOnlyList<string> Categories, DateTimeOffset Before, string Reason)
{
    /// <summary>The application whose notifications it is about.</summary>
    public string Application { get; init; } = Applications.Default;

    /// <summary>The longest time for which a withdrawal may be about what is yet to come.</summary>
    public static TimeSpan Longest => TimeSpan.FromDays(90);

    /// <summary>The key as it is written.</summary>
    public string Key => BusinessKeys.Spell(Name, Value);

    /// <summary>The key as it is remembered, apart from those of other applications.</summary>
    public string RememberedKey => RememberedKeyOf(Application, Name, Value);

    /// <summary>The same of a key of a notification.</summary>
    public static string RememberedKeyOf(string application, string name, string value) =>
        application == Applications.Default ? BusinessKeys.Spell(name, value) : $"{application}/{BusinessKeys.Spell(name, value)}";

    /// <summary>The reference of the key.</summary>
    public long Reference => NotificationReferences.OfKey(Name, Value);
}

/// <summary>A notification with the key of a withdrawal, as it stands.</summary>
/// <param name="Id">The notification.</param>
/// <param name="CreatedAt">When it began.</param>
/// <param name="State">The machine's state.</param>
/// <param name="HasEnded">True when it has an outcome.</param>
/// <param name="Deliveries">How each delivery of its plan stands.</param>
public sealed record NotificationWithKey(
    Guid Id,
    DateTimeOffset CreatedAt,
    string State,
    bool HasEnded,
    IReadOnlyList<DeliveryStanding> Deliveries
)
{
    /// <summary>
    /// True when there is something of it that may still be sent: also after its end, when what was sent comes back and another delivery is
    /// needed after all.
    /// </summary>
    public bool MayBeSent => !HasEnded || Deliveries.Any(delivery => delivery.Status == DeliveryStatus.NotNeeded);
}

/// <summary>How a delivery stands.</summary>
/// <param name="Status">Its status.</param>
/// <param name="Code">The reason in one word, when it was not sent; null when it was, or an earlier version has recorded none.</param>
public readonly record struct DeliveryStanding(DeliveryStatus Status, string? Code);
