using NotificationBus.Telemetry;

namespace NotificationBus.Host.RabbitMq;

/// <summary>Shows in the metrics what was seen of the queues.</summary>
sealed class QueueGauges(QueueWatch queues, FlowGauges gauges) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        gauges.WatchQueues(() => queues.Readings);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
