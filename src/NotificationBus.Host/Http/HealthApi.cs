using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace NotificationBus.Host.Http;

/// <summary>
/// <c>/health/live</c>: the process answers, and nothing is lost that only another process would get back.
/// <c>/health/ready</c> and <c>/healthz</c>: so do the servers behind it, and it is not about to stop.
/// </summary>
static class HealthApi
{
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = check => check.Tags.Contains("live") });
        var ready = new HealthCheckOptions
        {
            Predicate = SaysWhetherReady,
            // Degraded is ready, as it is by default: MassTransit calls itself so by what an endpoint said last, also for long after it is
            // back. Whether this host listens, or its broker answers, is asked by checks of our own.
            ResponseWriter = (context, report) =>
                context.Response.WriteAsJsonAsync(
                    new
                    {
                        status = report.Status.ToString(),
                        checks = report.Entries.ToDictionary(
                            entry => entry.Key,
                            entry => entry.Value.Status.ToString(),
                            StringComparer.Ordinal
                        ),
                        // Also of a check that is healthy: what does not keep this host from its work, and somebody should know.
                        details = report
                            .Entries.Where(entry => entry.Value.Description is not null)
                            .ToDictionary(entry => entry.Key, entry => entry.Value.Description, StringComparer.Ordinal),
                    }
                ),
        };
        routes.MapHealthChecks("/health/ready", ready);
        // Where a platform looks by itself.
        routes.MapHealthChecks("/healthz", ready);
    }

    /// <summary>True when a check belongs to <c>/health/ready</c>.</summary>
    public static bool SaysWhetherReady(HealthCheckRegistration check) => check.Tags.Contains("ready");

    public static IHealthChecksBuilder AddStoppingCheck(this IHealthChecksBuilder checks) =>
        checks.AddCheck<StoppingCheck>("running", tags: ["ready"]);

    sealed class StoppingCheck(IHostApplicationLifetime lifetime) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
            Task.FromResult(
                lifetime.ApplicationStopping.IsCancellationRequested ? HealthCheckResult.Unhealthy("stopping") : HealthCheckResult.Healthy()
            );
    }
}
