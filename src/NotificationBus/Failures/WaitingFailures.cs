using NotificationBus.Status;

namespace NotificationBus.Failures;

/// <summary>Messages that were set aside and wait for a decision.</summary>
sealed class WaitingFailures(IFailedMessages failed) : IProblemSource
{
    const int MostCauses = 200;

    public async Task<IReadOnlyList<Problem>> Find(CancellationToken cancellationToken)
    {
        var causes = await failed.Causes(MostCauses, cancellationToken);
        return causes.Count == 0
            ? []
            :
            [
                new Problem
                {
                    Code = "failed-messages",
                    Detail =
                        $"{causes.Sum(cause => cause.Count)} were set aside and wait for a decision; "
                        + "GET /v1/failed-messages/causes says why",
                    Since = causes.Min(cause => cause.FirstFailedAt),
                },
            ];
    }
}
