using Microsoft.Extensions.Hosting;
using NotificationBus.Model;
using NotificationBus.Notifications;
using NotificationBus.Telemetry;

namespace NotificationBus.Saga;

/// <summary>Shows the categories that this host knows with a count of nothing, so that it is seen when nothing comes.</summary>
sealed class ExpectedCategories(IReadOnlyDictionary<string, EventTypeOptions> categories, FlowMetrics metrics) : IHostedService
{
    static readonly string[] Outcomes =
    [
        .. new[]
        {
            nameof(NotificationStateMachine.Delivered),
            nameof(NotificationStateMachine.PartlyDelivered),
            nameof(NotificationStateMachine.Cancelled),
            nameof(NotificationStateMachine.Expired),
            nameof(NotificationStateMachine.Failed),
        }.Select(NotificationView.StatusOf),
    ];

    public Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var category in categories.Keys)
            metrics.Expect(category, Outcomes);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
