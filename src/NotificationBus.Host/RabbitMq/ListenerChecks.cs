using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace NotificationBus.Host.RabbitMq;

/// <summary>Ready means that this host listens on each of its queues.</summary>
sealed class ListensCheck(Listeners listeners) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var absent = listeners.Absent;
        return Task.FromResult(
            absent.Count == 0
                ? HealthCheckResult.Healthy()
                : HealthCheckResult.Unhealthy(
                    $"this host does not listen on {string.Join(", ", absent.Select(listener => listener.Queue))}"
                )
        );
    }
}

/// <summary>Alive means that while the broker answers a queue which this host lost comes back, and a closed connection goes.</summary>
sealed class ListenerWatchCheck(ListenerWatch watch) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        watch.GivenUp.IsCompletedSuccessfully ? HealthCheckResult.Unhealthy(await watch.GivenUp) : HealthCheckResult.Healthy();
}
