using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NotificationBus.Status;
using NotificationBus.Telemetry;

namespace NotificationBus.Notifications;

/// <summary>Settings of <c>Telemetry:Record</c>.</summary>
public sealed class RecordReadingOptions
{
    /// <summary>
    /// The time between two readings of the record for the gauges, 1 s to 10 min, default 10 s. One host reads for all, and less often when
    /// a reading takes more than a twentieth of that.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(10);
}

/// <summary>Has the record read now and then, shows it in the metrics, and says when something that was accepted is not there.</summary>
public sealed partial class RecordWatch(
    IRecordReadings readings,
    FlowGauges gauges,
    IOptions<RecordReadingOptions> options,
    TimeProvider clock,
    ILogger<RecordWatch> log
) : BackgroundService, IProblemSource
{
    volatile RecordReading? _last;

    /// <inheritdoc />
    public Task<IReadOnlyList<Problem>> Find(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<Problem>>(
            _last is { Unreconciled: > 0 and var count }
                ?
                [
                    new Problem
                    {
                        Code = "notifications-unreconciled",
                        Detail =
                            $"{count} were accepted and are not on record: they wait in the queue of the saga, or are lost; "
                            + "GET /v1/ledger says of which hours",
                    },
                ]
                : []
        );

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        gauges.WatchRecord(() => _last);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                _last = await readings.Read(options.Value.Interval, stoppingToken) ?? _last;
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                // That the record is away others say; the gauges say how old they are.
                NotRead(exception);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            await Task.Delay(options.Value.Interval, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    [LoggerMessage(LogLevel.Debug, "The record could not be read for the gauges")]
    partial void NotRead(Exception exception);
}
