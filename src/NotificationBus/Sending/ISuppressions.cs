using System.Text.Json;
using System.Text.Json.Serialization;
using NotificationBus.Providers.Controls;

namespace NotificationBus.Sending;

/// <summary>
/// Addresses that are not to be used, for one category or for every one; the two stand beside each other. The ledger consults and fills the
/// list in the writes it makes anyway; this is for people.
/// </summary>
public interface ISuppressions
{
    /// <summary>The newest first.</summary>
    Task<IReadOnlyList<Suppression>> List(SuppressionFilter filter, CancellationToken cancellationToken);

    /// <summary>Suppresses an address. False when it was suppressed for just that before; then the earlier reason stays.</summary>
    Task<bool> Add(Suppression suppression, CancellationToken cancellationToken);

    /// <summary>The same for an operator; who it was and why is written down together with it.</summary>
    Task<bool> Add(Suppression suppression, ChangedBy by, CancellationToken cancellationToken);

    /// <summary>
    /// Suppresses an address whose owner is erased: it is kept under the name that stands in its place, and not as it is. False when it was
    /// so before.
    /// </summary>
    Task<bool> AddErased(Suppression suppression, CancellationToken cancellationToken);

    /// <summary>
    /// Takes one suppression back: that for the category, or with null that for every one. False when there was none. Who did it and why is
    /// written down together with it.
    /// </summary>
    Task<bool> Remove(string channel, string address, string? category, ChangedBy by, CancellationToken cancellationToken);
}

/// <summary>An address that is not to be used.</summary>
/// <param name="Channel">On which channel.</param>
/// <param name="Address">The address in the one form in which its channel compares it, such as a number with its country code.</param>
/// <param name="Category">For which kind of notification, such as <c>announcement</c>; null for every one.</param>
/// <param name="Reason">Why, for a person to read.</param>
/// <param name="Source">Who said so: a provider account, the recipient, or an operator.</param>
public sealed record Suppression(string Channel, string Address, string? Category, string Reason, string Source)
{
    /// <summary>The time since when; set by the store.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>Tells it from all others that were added at the same time, for its place in a list; set by the store.</summary>
    [JsonIgnore]
    public Guid Place { get; init; }

    /// <summary>Makes the entry that is written down when an operator has added or removed one.</summary>
    public static JsonElement Change(string what, string address, string? category)
    {
        var change = new Dictionary<string, string>(StringComparer.Ordinal) { [what] = address };
        if (category is not null)
            change["category"] = category;
        return JsonSerializer.SerializeToElement(change);
    }
}

/// <summary>A filter of suppressions.</summary>
/// <param name="Channel">Only on this channel.</param>
/// <param name="Address">Only this address.</param>
/// <param name="Category">Only those for this category, not those for every one.</param>
/// <param name="Limit">How many at most.</param>
/// <param name="After">
/// Those that come after this place in the order: when the last one of the page was added, and its <see cref="Suppression.Place"/>. Null
/// for the first page.
/// </param>
public sealed record SuppressionFilter(
    string? Channel,
    string? Address,
    string? Category,
    int Limit,
    (DateTimeOffset CreatedAt, Guid Place)? After = null
);
