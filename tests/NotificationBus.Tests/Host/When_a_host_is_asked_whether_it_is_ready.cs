using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace NotificationBus.Tests.Host;

public sealed class When_a_host_is_asked_whether_it_is_ready
{
    /// <summary>
    /// A1: MassTransit calls an endpoint degraded for long after it is back; that is no reason to send nothing to this host.
    /// </summary>
    [Theory]
    [InlineData(HealthStatus.Healthy, HttpStatusCode.OK)]
    [InlineData(HealthStatus.Degraded, HttpStatusCode.OK)]
    [InlineData(HealthStatus.Unhealthy, HttpStatusCode.ServiceUnavailable)]
    public async Task Should_be_when_no_part_of_it_is_unhealthy(HealthStatus status, HttpStatusCode expected)
    {
        await using var host = new RunningHost
        {
            Configure = services =>
                services.AddHealthChecks().AddCheck("part", () => new HealthCheckResult(status, "as it said last"), tags: ["ready"]),
        };
        await host.InitializeAsync();

        foreach (var path in (string[])["/health/ready", "/healthz"])
        {
            var answer = await host.Get(path);

            answer.Status.ShouldBe(expected);
            answer.Json.GetProperty("checks").GetProperty("part").GetString().ShouldBe($"{status}");
            answer.Json.GetProperty("details").GetProperty("part").GetString().ShouldBe("as it said last");
        }
    }
}
