using MudBlazor;
using NotificationBus.Dashboard.Api;

namespace NotificationBus.Dashboard;

/// <summary>Words for subscriptions.</summary>
static class SubscriptionWords
{
    /// <summary>How one stands.</summary>
    public static Sign Health(Subscription one) =>
        !one.Enabled ? new("Disabled", Tone.Bad, Icons.Material.Rounded.PowerOff)
        : one.FailingSince is not null ? new("Takes nothing", Tone.Bad, Icons.Material.Rounded.CloudOff)
        : new("Works", Tone.Good, Icons.Material.Rounded.CheckCircle);

    /// <summary>What it is told of.</summary>
    public static string Events(Subscription one) => string.Join(", ", one.Events.Select(Event));

    /// <summary>A type of event: <c>notification.partly-delivered</c> is Notification partly delivered.</summary>
    public static string Event(string type) => Words.Plain(type).Replace('.', ' ');

    /// <summary>The categories it is told of.</summary>
    public static string Categories(Subscription one) =>
        one.Categories.Count == 0 ? "Every one" : string.Join(", ", one.Categories.Select(Words.Plain));

    /// <summary>The tries of an event, a line for each.</summary>
    public static string Tries(ToldEvent told) =>
        string.Join('\n', told.Tries.Select(one => $"{Words.Utc(one.At)}: {one.Result}, {Words.Number(one.Milliseconds)} ms"));
}
