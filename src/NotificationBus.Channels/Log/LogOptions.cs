namespace NotificationBus.Channels.Log;

/// <summary>Settings of the log provider, for what the log shows of deliveries: <c>Providers:log</c>.</summary>
public sealed class LogOptions
{
    /// <summary>
    /// Shows the texts, without the recipient's address and name, mailboxes, and the digits of numbers of four and more, such as one-time
    /// codes. Without it only their lengths are shown. Default true.
    /// </summary>
    public bool ShowContent { get; set; } = true;
}
