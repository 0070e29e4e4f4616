using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace NotificationBus.Postgres;

/// <summary>
/// Makes partitions ahead and drops old ones, when the host has started and daily. Every host does so; one at a time finds something to do.
/// </summary>
public sealed partial class PartitionUpkeep(
    Partitions partitions,
    Retention retention,
    IOptions<PostgresOptions> options,
    TimeProvider clock,
    ILogger<PartitionUpkeep> log
) : BackgroundService
{
    static readonly TimeSpan Usually = TimeSpan.FromDays(1);
    static readonly TimeSpan AfterFailure = TimeSpan.FromMinutes(10);

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var next = Usually;
            try
            {
                await KeepUp(stoppingToken);
            }
            catch (PostgresException exception) when (exception.SqlState is PostgresErrorCodes.LockNotAvailable)
            {
                InUse(AfterFailure);
                next = AfterFailure;
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                Failed(exception, AfterFailure);
                next = AfterFailure;
            }
            catch (OperationCanceledException)
            {
                return;
            }

            await Task.Delay(next, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    async Task KeepUp(CancellationToken cancellationToken)
    {
        await retention.ForgetWhatIsDecided(cancellationToken);
        if (options.Value.Migrate)
        {
            await partitions.MakeAhead(cancellationToken);
            await retention.Apply(cancellationToken);
        }
        else if (await partitions.Missing(cancellationToken) is [var first, ..])
        {
            Lacking($"{first}");
        }
    }

    [LoggerMessage(LogLevel.Information, "Partitions are not changed while somebody uses them for long; tried again in {Delay}")]
    partial void InUse(TimeSpan delay);

    [LoggerMessage(LogLevel.Warning, "The partitions could not be kept up; tried again in {Delay}")]
    partial void Failed(Exception exception, TimeSpan delay);

    [LoggerMessage(
        LogLevel.Warning,
        "There is no partition for {Month}: what comes then is kept in notification_default until somebody runs 'migrate', "
            + "which also applies Retention, or a host starts with Postgres:Migrate=true"
    )]
    partial void Lacking(string month);
}
