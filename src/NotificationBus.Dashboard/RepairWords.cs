using System.Globalization;
using NotificationBus.Dashboard.Api;

namespace NotificationBus.Dashboard;

/// <summary>Sentences about repairs.</summary>
static class RepairWords
{
    /// <summary>What a repair is about.</summary>
    public static string About(RepairHeading repair) =>
        string.Join(", ", repair.Filter.Select(condition => $"{condition.Key} {condition.Value}"));

    /// <summary>The channels they go by, and what that costs.</summary>
    public static string Ways(RepairAnswer plan) =>
        string.Join(
            ". ",
            plan.Channels.Select(way =>
                $"{Words.Number(way.Count)} by {Words.Channel(way.Channel).ToLowerInvariant()}"
                + (way.Cost is { } cost ? string.Create(CultureInfo.InvariantCulture, $", which costs {cost:0.##}") : "")
            )
        ) + ".";
}
