using NotificationBus.Failures;
using NotificationBus.Notifications;
using NotificationBus.Telemetry;

namespace NotificationBus.Embedded;

/// <summary>Readings of the record in memory.</summary>
public sealed class InMemoryReadings(
    InMemoryNotificationStore store,
    InMemoryOutgoingMessages outgoing,
    InMemoryLedger ledger,
    IFailedMessages failed,
    WaitingReadings waiting,
    TimeProvider clock
) : IRecordReadings
{
    /// <inheritdoc />
    public async Task<RecordReading?> Read(TimeSpan interval, CancellationToken cancellationToken)
    {
        var (kept, due) = outgoing.Waiting();
        var unrecorded = ledger.Unrecorded().ToList();
        var putOff = kept.Select(message => message.NotificationId!.Value).ToHashSet();
        var open = store.Open().ToList();
        var failures = await failed.Causes(int.MaxValue, cancellationToken);
        var now = clock.GetUtcNow();
        var reading = new RecordReading
        {
            TakenAt = now,
            Unreconciled = await ledger.Unreconciled(cancellationToken),
            Held = open.Count(IsHeld),
            Due = due.Count,
            DueSince = due.Count == 0 ? null : due.Min(),
            FailedMessages =
            [
                .. failures
                    .GroupBy(cause => cause.Kind)
                    .Select(kind => new FailedMessageCount(
                        Label<FailureKind>.Of(kind.Key),
                        kind.Sum(cause => cause.Count),
                        kind.Min(cause => cause.FirstFailedAt)
                    )),
            ],
            Notifications =
            [
                .. Oldest(WaitingReason.Intake, unrecorded),
                .. Oldest(WaitingReason.Decision, open.Where(IsHeld).Select(row => row.CreatedAt)),
                .. Oldest(WaitingReason.Queue, open.Where(row => !IsHeld(row) && !putOff.Contains(row.Id)).Select(row => row.CreatedAt)),
            ],
        };
        return waiting.Add(
            reading,
            [
                .. kept.GroupBy(message => (message.Destination, message.WaitsFor))
                    .Select(group => new WaitingMessages(
                        group.Key.Destination,
                        group.Key.WaitsFor,
                        group.Count(),
                        group.Min(message => message.OccurredAt ?? now)
                    )),
            ]
        );
    }

    static bool IsHeld((Guid Id, DateTimeOffset CreatedAt, string State) row) => row.State == "Held";

    static IEnumerable<OldestNotification> Oldest(string reason, IEnumerable<DateTimeOffset> accepted)
    {
        var all = accepted.ToList();
        return all.Count == 0 ? [] : [new OldestNotification(reason, all.Min())];
    }
}
