namespace NotificationBus.Failures;

/// <summary>The queues failed messages pass through on their way into the record.</summary>
public static class FailedMessageEndpoint
{
    /// <summary>The queue for what the queues of the flow set aside. Empty unless the database is away.</summary>
    public const string Queue = "notifications-failed";

    /// <summary>Exchange and queue of what the broker gives up on.</summary>
    public const string DeadLetters = "notifications-dead-letters";
}
