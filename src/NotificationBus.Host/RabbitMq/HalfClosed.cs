namespace NotificationBus.Host.RabbitMq;

/// <summary>The state of connections that are closed and whose channels are not, by <see cref="SteadyTime"/>.</summary>
/// <param name="Since">Since when there is one.</param>
/// <param name="IdleSince">Since when there is one for which nothing is under way; null when something is for each of them.</param>
sealed record HalfClosed(TimeSpan Since, TimeSpan? IdleSince);
