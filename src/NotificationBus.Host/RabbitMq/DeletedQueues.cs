namespace NotificationBus.Host.RabbitMq;

/// <summary>
/// Says that a queue was deleted, and what went with it, whoever finds out first: the consumer that the broker has ended, or who looks
/// after queues. The consumer declares it again within seconds, and then nothing shows it any more.
/// </summary>
sealed partial class DeletedQueues(ILogger<DeletedQueues> log)
{
    readonly Lock _lock = new();
    readonly Dictionary<string, uint> _messages = new(StringComparer.Ordinal);
    readonly HashSet<string> _said = new(StringComparer.Ordinal);

    /// <summary>It is there.</summary>
    public void Saw(QueueSight sight)
    {
        lock (_lock)
        {
            _messages[sight.Queue] = sight.Messages;
            _said.Remove(sight.Queue);
        }
    }

    /// <summary>It is there again; with how many messages, nobody has looked.</summary>
    public void IsBack(string queue)
    {
        lock (_lock)
            _said.Remove(queue);
    }

    /// <summary>It is not there. That is said once, until it is there again.</summary>
    public void Missed(string queue)
    {
        lock (_lock)
        {
            if (!_said.Add(queue))
                return;

            _messages.Remove(queue, out var messages);
            Deleted(queue, messages);
        }
    }

    [LoggerMessage(
        LogLevel.Error,
        "Queue {Queue} was deleted while this host ran, with {Messages} messages as last seen, which are lost; it is declared again"
    )]
    partial void Deleted(string queue, uint messages);
}
