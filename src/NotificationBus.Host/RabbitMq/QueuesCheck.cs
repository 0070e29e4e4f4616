using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace NotificationBus.Host.RabbitMq;

/// <summary>
/// Ready means that no queue loses messages by a policy, and that the broker has nothing declared otherwise. Queues on which no host
/// listens are named, and no reason not to be ready: what is accepted is durable and is sent when a worker comes, and a host that is only
/// API could do nothing about it. So is what nobody can tell, or declare again. Whether this host listens on its own queues,
/// <see cref="ListensCheck"/> says.
/// </summary>
sealed class QueuesCheck(TopologyWatch watch) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        IReadOnlyList<string> wrong =
        [
            .. watch.Harm,
            .. watch.Refused.Where(refusal => refusal.IsBroken).Select(refusal => refusal.Reason),
        ];
        return Task.FromResult(
            wrong.Count > 0 ? HealthCheckResult.Unhealthy(string.Join("; ", wrong)) : HealthCheckResult.Healthy(Text(ToKnow()))
        );
    }

    static string? Text(IEnumerable<string> sentences) => string.Join("; ", sentences) is { Length: > 0 } text ? text : null;

    IEnumerable<string> ToKnow()
    {
        if (watch.Unconsumed is { Count: > 0 } queues)
            yield return $"no host consumes {string.Join(", ", queues)}";
        foreach (var refusal in watch.Refused)
            yield return refusal.Reason;
        if (watch.PoliciesUnknown is { } why)
            yield return why;
        if (watch.IsBlind)
            yield return "the queues cannot be looked at; the log says why";
    }
}
