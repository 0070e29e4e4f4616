using Grpc.Core;
using Grpc.Health.V1;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using NotificationBus.Host.Http;

namespace NotificationBus.Host.Grpc;

/// <summary>
/// <c>grpc.health.v1.Health/Check</c>: as <c>/health/ready</c> answers, when it is asked. The library's own asks every thirty seconds, and
/// would log what a host is like that nobody asks. To <c>Watch</c> clients are told that it is not there, as the protocol has it.
/// </summary>
sealed class HealthService(HealthCheckService checks) : Health.HealthBase
{
    public override async Task<HealthCheckResponse> Check(HealthCheckRequest request, ServerCallContext context)
    {
        if (request.Service.Length > 0 && request.Service != V1.Notifications.Descriptor.FullName)
            throw new RpcException(new global::Grpc.Core.Status(StatusCode.NotFound, "There is no such service here."));

        var report = await checks.CheckHealthAsync(HealthApi.SaysWhetherReady, context.CancellationToken);
        return new HealthCheckResponse
        {
            Status =
                report.Status == HealthStatus.Unhealthy
                    ? HealthCheckResponse.Types.ServingStatus.NotServing
                    : HealthCheckResponse.Types.ServingStatus.Serving,
        };
    }
}
