using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NotificationBus.Intake;

namespace NotificationBus.Outgoing;

/// <summary>
/// Publishes what is due: deliveries that were put off, timers, replays. Any number of hosts do so side by side. It takes nothing that
/// would be lost.
/// </summary>
public sealed partial class OutgoingDispatcher(
    IOutgoingMessages outgoing,
    OutgoingPublisher publisher,
    IntakeGate gate,
    TimeProvider clock,
    ILogger<OutgoingDispatcher> log
) : BackgroundService
{
    // Published together and confirmed together: enough to keep the broker busy, few enough for the publish to end in time.
    const int BatchSize = 500;

    // Longer than a publish may take, so that a host that is slow is not taken for dead.
    static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);

    /// <summary>The longest time between two looks. Whoever schedules something for later than that need not wake it.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                // What is due stays so.
                while (gate.IsClosed)
                    await Task.Delay(LongestWait, clock, stoppingToken);
                while (await PublishDue(stoppingToken) == BatchSize && !gate.IsClosed) { }

                await outgoing.WaitForDue(LongestWait, stoppingToken);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                DispatchFailed(exception);
                await Task.Delay(LongestWait, clock, stoppingToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    async Task<int> PublishDue(CancellationToken cancellationToken)
    {
        var due = await outgoing.TakeDue(Lease, BatchSize, cancellationToken);
        await publisher.PublishKept(due);
        return due.Count;
    }

    [LoggerMessage(LogLevel.Warning, "Messages that are due could not be published, and are tried again")]
    partial void DispatchFailed(Exception exception);
}
