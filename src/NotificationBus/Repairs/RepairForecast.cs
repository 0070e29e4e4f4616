using NotificationBus.Intake;
using NotificationBus.Intake.Maps;
using NotificationBus.Model;
using NotificationBus.Planning;
using NotificationBus.Providers;
using NotificationBus.Sending;

namespace NotificationBus.Repairs;

/// <summary>Foresees what another notification in the place of one would send, by which channels, and what that costs.</summary>
public sealed class RepairForecast(
    ISuppressions suppressions,
    IntakeRules intake,
    PlanningRules planning,
    ChannelSet channels,
    IReadOnlyDictionary<string, ChannelOptions> options
)
{
    // An address has at most one suppression for each category, and one for all.
    const int MostSuppressions = 200;

    // The map of the request has no other name for who is told.
    static readonly string RecipientProperty = new NotificationRequestedMap().RecipientProperty;

    /// <summary>Plans it with the settings and texts of today: a plan that would send nothing is no repair.</summary>
    /// <param name="item">The item, to be begun.</param>
    /// <param name="notification">The notification that has failed.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The item with its channels and their price, or left out.</returns>
    public async Task<RepairItem> Of(RepairItem item, NotificationState notification, CancellationToken cancellationToken)
    {
        var (usable, why) = await Plan(notification, RepairRequests.Read(notification), cancellationToken);
        if (why is not null)
            return RepairJudgement.LeaveOut(item, why.Reason, why.Detail);

        var first = usable.Where(delivery => delivery.Step == usable[0].Step).ToList();
        return item with
        {
            Channels = [.. first.Select(delivery => delivery.Channel).Distinct(StringComparer.Ordinal)],
            Cost = first.Select(PriceOf).Where(price => price is not null).Aggregate((decimal?)null, (all, one) => (all ?? 0) + one),
        };
    }

    /// <summary>Returns why another notification would send nothing; null when it would.</summary>
    /// <param name="notification">The notification in whose place it would be.</param>
    /// <param name="request">The request that would begin it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<WhyNoRepair?> WhyNot(
        NotificationState notification,
        NotificationRequest request,
        CancellationToken cancellationToken
    ) => (await Plan(notification, request, cancellationToken)).Why;

    async Task<(IReadOnlyList<PlannedDelivery> Usable, WhyNoRepair? Why)> Plan(
        NotificationState notification,
        NotificationRequest request,
        CancellationToken cancellationToken
    )
    {
        // The state has no longer what was given, and no template says it instead.
        if (notification.TemplateVersion == GivenContent.Version)
            return StillFails("its producer gave what it says; ask for it anew");
        if (intake.WhyNot(request, RecipientProperty) is { } reason)
            return StillFails(reason);

        var plan = planning.Plan(request);
        if (plan.Refusal is { } refusal)
            return StillFails(refusal.Reason);

        var usable = new List<PlannedDelivery>();
        foreach (var delivery in plan.Deliveries)
        {
            if (!await IsSuppressed(delivery, notification.Category, cancellationToken))
                usable.Add(delivery);
        }

        return usable.Count == 0 ? ([], new WhyNoRepair(RepairExclusion.Suppressed, Detail: null)) : (usable, null);

        static (IReadOnlyList<PlannedDelivery>, WhyNoRepair?) StillFails(string detail) =>
            ([], new WhyNoRepair(RepairExclusion.StillFails, detail));
    }

    async Task<bool> IsSuppressed(PlannedDelivery delivery, string category, CancellationToken cancellationToken)
    {
        var address = channels.Find(delivery.Channel)!.Canonical(delivery.Address);
        var found = await suppressions.List(
            new SuppressionFilter(delivery.Channel, address, Category: null, MostSuppressions),
            cancellationToken
        );
        return found.Any(suppression => suppression.Category is null || suppression.Category == category);
    }

    decimal? PriceOf(PlannedDelivery delivery) =>
        options.GetValueOrDefault(delivery.Channel)?.Guard is { HasPrice: true } guard
            ? guard.PriceOf(channels.Find(delivery.Channel)!.CountryOf(delivery.Address)) * delivery.Content.BilledParts
            : null;
}

/// <summary>The reason why another notification would send nothing.</summary>
/// <param name="Reason">In one word.</param>
/// <param name="Detail">The same for a person to read, where there is more to say.</param>
public sealed record WhyNoRepair(RepairExclusion Reason, string? Detail);
