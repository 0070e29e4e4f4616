using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Providers;
using NotificationBus.Providers.Accounts;
using NotificationBus.Providers.Controls;

namespace NotificationBus.Notifications;

/// <summary>
/// Explains a notification: its row, its attempts, what was decided about its deliveries, and what operators and automation did meanwhile
/// to the channels and accounts that they took.
/// </summary>
public sealed class Explanations(INotificationQueries queries, IControls controls, ProviderChains chains, TimeProvider clock)
{
    // More says no more: a story is for a person to read.
    const int MostChanges = 100;

    /// <summary>Explains one notification; null when there is none of that id.</summary>
    /// <param name="id">The notification.</param>
    /// <param name="sight">What may be seen: who changed what concerns all applications, and why, is for those who see all.</param>
    /// <param name="cancellationToken">Leaves the answer.</param>
    public async Task<Explanation?> Of(Guid id, Sight sight, CancellationToken cancellationToken)
    {
        if (await queries.Find(id, cancellationToken) is not { } notification)
            return null;

        var changes = new List<ControlChange>(await controls.Changes(Concerning(notification), MostChanges, cancellationToken));
        // Who had paused it belongs to the story as well, however long ago that was.
        foreach (var subject in Stopped(notification))
            changes.AddRange(
                await controls.Changes(
                    new ChangeFilter
                    {
                        Subjects = [subject],
                        OnlyOperators = true,
                        To = notification.CreatedAt,
                    },
                    limit: 1,
                    cancellationToken
                )
            );
        if (await PlannedBy(notification, cancellationToken) is { } planned)
            changes.Add(planned);
        return new NotificationStory(
            notification,
            [.. changes.DistinctBy(change => change.Number).Select(change => Seen(change, notification, sight))],
            clock.GetUtcNow()
        ).Tell();
    }

    static ControlChange Seen(ControlChange change, NotificationView notification, Sight sight) =>
        sight.Application is null || change.Code is not null || change.Subject == $"notification {notification.Id}"
            ? change
            : change with
            {
                Who = "somebody who sees all applications",
                Why = "see whoever runs them",
            };

    /// <summary>The change by which it was planned; null when it was planned as configured, or nobody has kept it.</summary>
    async Task<ControlChange?> PlannedBy(NotificationView notification, CancellationToken cancellationToken)
    {
        if (notification.PlanVersion is not { } version)
            return null;

        // A host may have planned by one that was changed on another at the same moment.
        var before = await controls.Changes(
            new ChangeFilter { Subjects = [$"event-type {notification.Category}"], To = notification.CreatedAt },
            MostChanges,
            cancellationToken
        );
        return before.FirstOrDefault(change =>
            change.After.TryGetProperty("version", out var known) && known.TryGetInt32(out var number) && number == version
        );
    }

    /// <summary>The channels and accounts that operators did not let it have at first.</summary>
    static IEnumerable<string> Stopped(NotificationView notification) =>
        notification
            .Deliveries.SelectMany(delivery =>
                (delivery.Decisions ?? []).Select(decision =>
                    decision.Code switch
                    {
                        ReasonCode.ChannelPaused => $"channel {delivery.Channel}",
                        ReasonCode.ProviderOff or ReasonCode.CircuitHeldOpen when decision.Provider is { } account =>
                            AutomaticChange.SubjectOf(account),
                        _ => null,
                    }
                )
            )
            .OfType<string>()
            .Distinct(StringComparer.Ordinal);

    /// <summary>What was done while it was under way, to it or to what it took.</summary>
    ChangeFilter Concerning(NotificationView notification) =>
        new()
        {
            Subjects =
            [
                $"notification {notification.Id}",
                .. notification.Deliveries.Select(delivery => $"delivery {delivery.Id}"),
                .. notification.Deliveries.Select(delivery => $"channel {delivery.Channel}").Distinct(StringComparer.Ordinal),
                .. notification.Deliveries.SelectMany(AccountsOf).Distinct(StringComparer.Ordinal).Select(AutomaticChange.SubjectOf),
            ],
            From = notification.CreatedAt,
            To = notification.CompletedAt,
        };

    /// <summary>Those that were called, and those that might have been: why another one was called is the question.</summary>
    IEnumerable<string> AccountsOf(DeliveryView delivery) =>
        chains
            .All.Where(chain => chain.Channel.Name == delivery.Channel)
            .SelectMany(chain => chain.Accounts.Select(account => account.Name))
            .Concat(delivery.Attempts.Select(attempt => attempt.Provider))
            .Concat((delivery.Decisions ?? []).Select(decision => decision.Provider).OfType<string>());
}
