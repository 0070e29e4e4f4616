namespace NotificationBus.Notifications;

/// <summary>A question of the console's took longer than it may.</summary>
/// <param name="cause">What the record said.</param>
public sealed class TookTooLongException(Exception cause) : Exception("the record was not read in time", cause);
