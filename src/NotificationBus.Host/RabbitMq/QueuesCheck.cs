using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace NotificationBus.Host.RabbitMq;

/// <summary>
/// Ready means that no queue loses messages by a policy. Queues on which no host listens are named, and no reason not to be ready: what is accepted is
/// durable and is sent when a worker comes, and a host that is only API could do nothing about it. Whether this host listens on its own queues,
/// <see cref="ListensCheck"/> says.
/// </summary>
sealed class QueuesCheck(TopologyWatch watch) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(watch.Harm is { Count: > 0 } harm
            ? HealthCheckResult.Unhealthy(string.Join("; ", harm))
            : HealthCheckResult.Healthy(watch.Unconsumed is { Count: > 0 } queues ? $"no host consumes {string.Join(", ", queues)}" : null));
}
