namespace NotificationBus.Model;

/// <summary>The way in which a notification uses its channels.</summary>
public enum DeliveryMode
{
    /// <summary>All channels at the same time.</summary>
    AllAtOnce,

    /// <summary>One channel after the other, in order, until one takes the notification.</summary>
    FirstThatWorks,
}
