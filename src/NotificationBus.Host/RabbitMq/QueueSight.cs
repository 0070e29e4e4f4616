namespace NotificationBus.Host.RabbitMq;

/// <summary>A queue as the broker shows it.</summary>
/// <param name="Queue">The queue.</param>
/// <param name="Consumers">How many consumers it has, of all hosts.</param>
/// <param name="Messages">How many messages wait in it.</param>
sealed record QueueSight(string Queue, uint Consumers, uint Messages);
