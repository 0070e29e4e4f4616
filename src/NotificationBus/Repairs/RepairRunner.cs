using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NotificationBus.Model;
using NotificationBus.Notifications;
using NotificationBus.Providers;

namespace NotificationBus.Repairs;

/// <summary>
/// Runs the repairs that operators have started, item by item, at the pace they have set. First the ledger is closed for what has failed,
/// so that no call for it begins any more, whatever is replayed; then the other notification is begun. Both may be done twice. A host that
/// ends in the middle leaves the rest to whoever takes the repair when the lease has run out.
/// </summary>
public sealed partial class RepairRunner(
    IRepairs repairs,
    INotificationStore store,
    RepairJudgement judgement,
    RepairRequests requests,
    IAttemptLedger ledger,
    StartedRepairs started,
    ILogger<RepairRunner> log
) : BackgroundService
{
    const int BatchSize = 50;

    // Longer than an item takes while the database is slow.
    static readonly TimeSpan Lease = TimeSpan.FromSeconds(15);

    // What was started on another host, or left by one that ended.
    static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(2);

    readonly Guid _owner = Guid.CreateVersion7();
    readonly TimeProvider _clock = started.Clock;

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                while (await repairs.Take(_owner, Lease, stoppingToken) is { } turn)
                    await Run(turn, stoppingToken);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                RepairInterrupted(exception);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            await started.Wait(LookAgain, stoppingToken);
        }
    }

    async Task Run(RepairTurn taken, CancellationToken cancellationToken)
    {
        RepairTurn? turn = taken;
        while (turn is not null)
        {
            var next = await repairs.Next(turn.Id, BatchSize, cancellationToken);
            if (next.Count == 0)
            {
                await repairs.End(turn, RepairStatus.Done, note: null, cancellationToken);
                return;
            }

            foreach (var item in next)
            {
                if (turn.Left <= 0)
                {
                    await repairs.End(turn, RepairStatus.Paused, "as many have begun as were to; run it again to go on", cancellationToken);
                    return;
                }

                var began = _clock.GetTimestamp();
                turn = await Do(turn, item, cancellationToken);
                if (turn is null)
                    return;

                var pause = TimeSpan.FromSeconds(1.0 / turn.PerSecond) - _clock.GetElapsedTime(began);
                if (pause > TimeSpan.Zero)
                    await Task.Delay(pause, _clock, cancellationToken);
            }
        }
    }

    /// <summary>Does one item.</summary>
    /// <returns>The turn as it stands then; null when it is over.</returns>
    async Task<RepairTurn?> Do(RepairTurn turn, RepairItem item, CancellationToken cancellationToken)
    {
        if (await store.Load(item.NotificationId, cancellationToken) is not { } failed)
            return await repairs.Record(turn, RepairJudgement.LeaveOut(item, RepairExclusion.Gone), null, Lease, cancellationToken);

        var judged = await judgement.Judge(failed, cancellationToken);
        if (judged.Status == RepairItemStatus.Planned && await Close(turn, failed, cancellationToken) is { } reached)
            judged = RepairJudgement.LeaveOut(judged, reached, "a provider was being called for it");
        if (judged.Status == RepairItemStatus.LeftOut)
            return await repairs.Record(turn, judged, null, Lease, cancellationToken);

        try
        {
            var repaired = judged with { Status = RepairItemStatus.Repaired, RepairedBy = RepairRequests.IdOf(failed) };
            return await repairs.Record(turn, repaired, await requests.Write(failed), Lease, cancellationToken);
        }
        catch (RepairedBeforeException)
        {
            var late = RepairJudgement.LeaveOut(judged, RepairExclusion.RepairedBefore) with { RepairedBy = RepairRequests.IdOf(failed) };
            return await repairs.Record(turn, late, null, Lease, cancellationToken);
        }
    }

    /// <summary>
    /// Has no call begin any more for what was given up: its command may be among the failed messages, and be replayed.
    /// </summary>
    /// <returns>Why no other one may be begun: a call that was just made; null when one may.</returns>
    async Task<RepairExclusion?> Close(RepairTurn turn, NotificationState failed, CancellationToken cancellationToken)
    {
        RepairExclusion? reached = null;
        foreach (var delivery in failed.Deliveries)
        {
            var attempts = await ledger.Cancel(
                failed.CorrelationId,
                delivery.Id,
                delivery.Channel,
                $"another notification takes its place: {RepairChange.SubjectOf(turn.Id)}",
                cancellationToken
            );
            reached ??= RepairJudgement.MayHaveReached(delivery, attempts);
        }

        return reached;
    }

    [LoggerMessage(LogLevel.Warning, "A repair could not go on, and is taken up again")]
    partial void RepairInterrupted(Exception exception);
}
