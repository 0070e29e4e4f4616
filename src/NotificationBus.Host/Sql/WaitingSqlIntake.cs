using NotificationBus.Intake;
using NotificationBus.Status;

namespace NotificationBus.Host.Sql;

/// <summary>Says so when events that were published by SQL are not taken.</summary>
sealed class WaitingSqlIntake(IIntakeRows waiting) : IProblemSource
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public async Task<IReadOnlyList<Problem>> Find(CancellationToken cancellationToken) =>
        await waiting.LongestWait(cancellationToken) is { } since && since > Patience
            ?
            [
                new Problem
                {
                    Code = "sql-intake-waits",
                    Detail =
                        $"an event that was published by SQL has waited in intake_event for {since.TotalSeconds:F0} s; "
                        + "see that a host runs with Intake:Sql:Enabled=true, that the broker takes what it publishes, "
                        + "and that there is room for another failed message",
                },
            ]
            : [];
}
