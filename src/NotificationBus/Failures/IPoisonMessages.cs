namespace NotificationBus.Failures;

/// <summary>
/// Messages that came back because the process that handled them ended. Each is begun on record and ended on record, so that one that
/// ends every process can be told from those that only were there.
/// </summary>
public interface IPoisonMessages
{
    /// <summary>Counts how often a message that came back was begun and never ended.</summary>
    Task<int> Deaths(Guid messageId, CancellationToken cancellationToken);

    /// <summary>Notes that one is about to be handled.</summary>
    /// <returns>How often it was begun before and never ended.</returns>
    Task<int> Begin(Guid messageId, CancellationToken cancellationToken);

    /// <summary>Notes that it was handled, however it came out, and the process is still there.</summary>
    Task End(Guid messageId, CancellationToken cancellationToken);
}
