using NotificationBus.Providers.Controls;

namespace NotificationBus.Subscriptions;

/// <summary>
/// The subscriptions. Every host has a copy in its <see cref="SubscriptionBoard"/>. What an operator changes is written down with who and
/// why, and every host is told.
/// </summary>
public interface ISubscriptions
{
    /// <summary>All of them, the oldest first.</summary>
    Task<IReadOnlyList<Subscription>> Load(CancellationToken cancellationToken);

    /// <summary>
    /// Adds one. False when its application has <see cref="Subscription.Most"/>, or there are <see cref="Subscription.MostInAll"/>.
    /// </summary>
    Task<bool> Add(Subscription subscription, ChangedBy by, CancellationToken cancellationToken);

    /// <summary>
    /// Changes what it is told and where. Enabled again, it counts as working, and what waits for it is due.
    /// </summary>
    /// <returns>The subscription after it; null when there is none.</returns>
    Task<Subscription?> Change(Guid id, SubscriptionChange change, ChangedBy by, CancellationToken cancellationToken);

    /// <summary>Gives it another signing key; the one before signs as well while the grace lasts.</summary>
    /// <returns>The subscription after it; null when there is none.</returns>
    Task<Subscription?> Rotate(Guid id, byte[] secret, TimeSpan grace, ChangedBy by, CancellationToken cancellationToken);

    /// <summary>Removes it. What waits for it is not sent. False when there is none.</summary>
    Task<bool> Remove(Guid id, ChangedBy by, CancellationToken cancellationToken);

    /// <summary>Disables it, unless it is already: nobody has said so, it has.</summary>
    Task Disable(Guid id, string reason, CancellationToken cancellationToken);

    /// <summary>Notes that it takes nothing, since now unless that is known already, or that it works.</summary>
    Task NoteHealth(Guid id, bool fails, CancellationToken cancellationToken);
}

/// <summary>What is changed of a subscription; null leaves it as it is.</summary>
/// <param name="Url">The address that is called.</param>
/// <param name="Events">The events it is told.</param>
/// <param name="Categories">The categories it is told of; none for every one.</param>
/// <param name="Enabled">Whether it is told at all.</param>
public sealed record SubscriptionChange(string? Url, IReadOnlyList<string>? Events, IReadOnlyList<string>? Categories, bool? Enabled)
{
    /// <summary>The reason of one that somebody has disabled.</summary>
    public const string DisabledByHand = "disabled over the API";
}
