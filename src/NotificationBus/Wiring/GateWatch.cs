using Microsoft.Extensions.Hosting;
using NotificationBus.Telemetry;

namespace NotificationBus.Wiring;

/// <summary>Shows how much of each gate is taken, from the start of the host on.</summary>
sealed class GateWatch(IEnumerable<IGate> gates, FlowGauges gauges) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        gauges.WatchGates([.. gates]);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
