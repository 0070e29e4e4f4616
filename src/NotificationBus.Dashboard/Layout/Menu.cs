using MudBlazor;

namespace NotificationBus.Dashboard.Layout;

/// <summary>The menu: every page there is, and none that is not.</summary>
static class Menu
{
    static readonly MenuGroup[] All =
    [
        new(
            "Now",
            [
                new("Overview", "/overview", Icons.Material.Rounded.SpaceDashboard, IsOfAll: true),
                new("What is wrong", "/problems", Icons.Material.Rounded.MonitorHeart, IsOfAll: true),
            ]
        ),
        new(
            "Record",
            [
                new("Notifications", "/notifications", Icons.Material.Rounded.Notifications),
                new("Decisions", "/decisions", Icons.Material.Rounded.Gavel),
                new("Failed messages", "/failures", Icons.Material.Rounded.MarkEmailUnread, IsOfAll: true),
                new("Repairs", "/repairs", Icons.Material.Rounded.Healing),
            ]
        ),
        new(
            "Sending",
            [
                new("Providers", "/providers", Icons.Material.Rounded.Hub),
                new("Event types", "/event-types", Icons.Material.Rounded.AltRoute),
                new("Suppressions", "/suppressions", Icons.Material.Rounded.Block, IsOfAll: true),
                new("Subscriptions", "/subscriptions", Icons.Material.Rounded.Webhook),
                new("Texts", "/texts", Icons.Material.Rounded.Article),
                new("Marketplace", "/marketplace", Icons.Material.Rounded.Storefront, IsOfAll: true),
            ]
        ),
        new(
            "Who",
            [
                new("Diary", "/diary", Icons.Material.Rounded.MenuBook, IsOfAll: true),
                new("Keys", "/keys", Icons.Material.Rounded.Key, IsOfAll: true),
            ]
        ),
    ];

    /// <summary>The groups, in the order in which operators need them, without what the user would be refused.</summary>
    public static IEnumerable<MenuGroup> For(ConsoleUser user) =>
        user.SeesAll
            ? All
            : All.Select(group => group with { Entries = [.. group.Entries.Where(entry => !entry.IsOfAll)] })
                .Where(group => group.Entries.Count > 0);
}

/// <summary>A group of pages.</summary>
sealed record MenuGroup(string Name, IReadOnlyList<MenuEntry> Entries);

/// <summary>A page.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Address">Where it is.</param>
/// <param name="Icon">Its sign.</param>
/// <param name="IsOfAll">True when it shows what concerns all applications: to whoever sees one alone the API refuses it.</param>
sealed record MenuEntry(string Name, string Address, string Icon, bool IsOfAll = false);
