namespace NotificationBus.Contracts;

/// <summary>
/// Marks what only decorates a notification, such as a name: it goes out without it. A value that cannot be used, of whatever type, is cut
/// or left out, and the notification's decisions say so; it never refuses the event.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class DecorationAttribute : Attribute;
