namespace NotificationBus.Status;

/// <summary>
/// Knows one kind of problem. A source is one small file beside what it is about, and one line with <c>AddProblemSource</c>; the rest comes
/// from <see cref="ProblemBoard"/>: since when, the line in the log when it begins and ends, and <c>GET /v1/status</c>.
/// </summary>
public interface IProblemSource
{
    /// <summary>
    /// Says what is wrong now. Asked every few seconds on every host: it reads what is known, or asks one cheap question.
    /// </summary>
    /// <returns>Nothing when all is well. One entry for each <see cref="Problem.Code"/> and <see cref="Problem.Where"/>.</returns>
    Task<IReadOnlyList<Problem>> Find(CancellationToken cancellationToken);
}
