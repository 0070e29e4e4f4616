using MudBlazor;

namespace NotificationBus.Dashboard.Layout;

/// <summary>The menu: every page there is, and none that is not.</summary>
static class Menu
{
    /// <summary>The groups, in the order in which operators need them.</summary>
    public static IEnumerable<MenuGroup> All { get; } =
    [
        new(
            "Now",
            [
                new("Overview", "/overview", Icons.Material.Rounded.SpaceDashboard),
                new("What is wrong", "/problems", Icons.Material.Rounded.MonitorHeart),
            ]
        ),
        new(
            "Record",
            [
                new("Notifications", "/notifications", Icons.Material.Rounded.Notifications),
                new("Decisions", "/decisions", Icons.Material.Rounded.Gavel),
                new("Failed messages", "/failures", Icons.Material.Rounded.MarkEmailUnread),
                new("Repairs", "/repairs", Icons.Material.Rounded.Healing),
            ]
        ),
        new(
            "Sending",
            [
                new("Providers", "/providers", Icons.Material.Rounded.Hub),
                new("Suppressions", "/suppressions", Icons.Material.Rounded.Block),
                new("Subscriptions", "/subscriptions", Icons.Material.Rounded.Webhook),
                new("Texts", "/texts", Icons.Material.Rounded.Article),
                new("Marketplace", "/marketplace", Icons.Material.Rounded.Storefront),
            ]
        ),
        new("Who", [new("Diary", "/diary", Icons.Material.Rounded.MenuBook), new("Keys", "/keys", Icons.Material.Rounded.Key)]),
    ];
}

/// <summary>A group of pages.</summary>
sealed record MenuGroup(string Name, IReadOnlyList<MenuEntry> Entries);

/// <summary>A page.</summary>
sealed record MenuEntry(string Name, string Address, string Icon);
