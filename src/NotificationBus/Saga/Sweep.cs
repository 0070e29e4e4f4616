using System.ComponentModel.DataAnnotations;
using MassTransit;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NotificationBus.Contracts;
using NotificationBus.Messaging;
using NotificationBus.Notifications;

namespace NotificationBus.Saga;

/// <summary>Settings of <c>Sweep</c>.</summary>
public sealed class SweepOptions
{
    /// <summary>
    /// The age at which it is asked of a notification whether somebody still works on it, 1 min to 1 day, default 10 min. Clocks of hosts
    /// and database that differ by more than this hide notifications from the sweep.
    /// </summary>
    [Range(typeof(TimeSpan), "00:01:00", "1.00:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan After { get; set; } = TimeSpan.FromMinutes(10);
}

/// <summary>Goes to the saga's queue: a notification seems to be forgotten.</summary>
public sealed record ResumeNotification
{
    /// <summary>The notification.</summary>
    public required Guid NotificationId { get; init; }
}

/// <summary>
/// Brings notifications back whose command or result was lost, for instance with the broker's disk. The commands are sent again; the
/// ledger sees to it that what was sent is only reported again. Any number of hosts do so side by side.
/// </summary>
public sealed partial class Sweep(
    IUnfinishedNotifications unfinished,
    IBus bus,
    PublishLimit limit,
    IOptions<SweepOptions> options,
    TimeProvider clock,
    ILogger<Sweep> log
) : BackgroundService
{
    // One statement looks at this many: short enough not to be in the way of others.
    const int BatchSize = 1000;

    static readonly Uri SagaAddress = SagaEndpoint.Of(Lane.Transactional);

    // Often enough not to add much to the age.
    TimeSpan Interval => options.Value.After / 10;

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await SweepOnce(stoppingToken);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                SweepFailed(exception);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            await Task.Delay(Interval, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    async Task SweepOnce(CancellationToken cancellationToken)
    {
        var after = options.Value.After;
        while (await unfinished.LookAtThoseOf(after, BatchSize, cancellationToken) == BatchSize) { }

        StalledNotifications found;
        do
        {
            found = await unfinished.Take(after, BatchSize, cancellationToken);
            await Resume(found.Unattended);
        } while (found.LookedAt == BatchSize);
    }

    async Task Resume(IReadOnlyList<Guid> notificationIds)
    {
        if (notificationIds.Count == 0)
            return;

        var saga = await bus.GetSendEndpoint(SagaAddress);
        // What cannot be sent now is taken again when it is looked at again.
        await limit.Await(
            Task.WhenAll(
                notificationIds.Select(id =>
                    saga.Send(
                        new ResumeNotification { NotificationId = id },
                        resume => resume.MessageId = Guid.CreateVersion7(),
                        CancellationToken.None
                    )
                )
            )
        );
        TakenUpAgain(notificationIds.Count);
    }

    [LoggerMessage(LogLevel.Warning, "Resumed {Count} notifications that nobody seemed to work on")]
    partial void TakenUpAgain(int count);

    [LoggerMessage(LogLevel.Warning, "The sweep for forgotten notifications failed, and is tried again")]
    partial void SweepFailed(Exception exception);
}
