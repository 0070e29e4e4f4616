using Microsoft.Extensions.Diagnostics.HealthChecks;
using NotificationBus.Host.OpenApi;
using NotificationBus.Status;

namespace NotificationBus.Host.Http;

/// <summary><c>GET /v1/status</c>: what is wrong now and since when, in one answer.</summary>
static class StatusApi
{
    public static void MapStatus(this IEndpointRouteBuilder routes) =>
        routes
            .MapRead(
                "/v1/status",
                async (ProblemBoard board, TimeProvider clock, CancellationToken cancellationToken) =>
                    Results.Ok(new StatusAnswer(clock.GetUtcNow(), Environment.MachineName, await board.Look(cancellationToken)))
            )
            .Describe("getStatus", "Status", "Returns what is wrong now, and since when.")
            .Answers<StatusAnswer>()
            .Refuses();
}

/// <summary>The answer of <c>GET /v1/status</c>.</summary>
/// <param name="At">When this was looked at.</param>
/// <param name="Host">The machine of the host that answers. Others may see servers it does not reach, and the other way round.</param>
/// <param name="Problems">What is wrong, the oldest first; empty when all is well.</param>
public sealed record StatusAnswer(DateTimeOffset At, string Host, IReadOnlyList<Problem> Problems);

/// <summary>Whatever keeps this host from being ready: the same checks as <c>/health/ready</c>.</summary>
sealed class NotReady(HealthCheckService checks) : IProblemSource
{
    public async Task<IReadOnlyList<Problem>> Find(CancellationToken cancellationToken)
    {
        var report = await checks.CheckHealthAsync(HealthApi.SaysWhetherReady, cancellationToken);
        return
        [
            .. report
                .Entries.Where(check => check.Value.Status != HealthStatus.Healthy)
                .Select(check => new Problem
                {
                    Code = "not-ready",
                    Where = check.Key,
                    Detail = check.Value.Description ?? check.Value.Status.ToString(),
                }),
        ];
    }
}
