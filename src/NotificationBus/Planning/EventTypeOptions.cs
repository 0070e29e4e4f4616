using System.ComponentModel.DataAnnotations;

namespace NotificationBus.Planning;

/// <summary>
/// What one category of notification uses: <c>EventTypes:{category}</c>. The category of a domain event is the event's name.
/// </summary>
public sealed class EventTypeOptions
{
    /// <summary>Channels in order, at least one. With <see cref="DeliveryMode.FirstThatWorks"/> the order is the order of trying.</summary>
    public IReadOnlyList<string> Channels { get; set; } = [];

    /// <summary>All channels at once (the default), or one after the other until one takes it.</summary>
    public DeliveryMode Mode { get; set; } = DeliveryMode.AllAtOnce;

    /// <summary>How long a notification is of use, counted from its event: 10 s to 30 days, default one day. What could not be sent by then is marked expired.</summary>
    [Range(typeof(TimeSpan), "00:00:10", "30.00:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan Lifetime { get; set; } = TimeSpan.FromDays(1);
}
