using System.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NotificationBus.Telemetry;

namespace NotificationBus.Status;

/// <summary>
/// The board of what is wrong now, as this host sees it, and since when. It looks by itself, so that the beginning is known whenever
/// somebody asks, and is in the log.
/// </summary>
public sealed partial class ProblemBoard(
    IEnumerable<IProblemSource> sources,
    IHostApplicationLifetime lifetime,
    FlowMetrics metrics,
    TimeProvider clock,
    ILogger<ProblemBoard> log
) : BackgroundService
{
    static readonly TimeSpan Interval = TimeSpan.FromSeconds(15);

    // An operator waits for the answer, and one server that is away must not hide the others.
    static readonly TimeSpan LongestLook = TimeSpan.FromSeconds(6);

    const string NotKnown = "unknown";

    readonly Known[] _known = [.. sources.Select(source => new Known(source))];

    /// <summary>Looks at everything now.</summary>
    /// <returns>What is wrong, the oldest first, each with <see cref="Problem.Since"/>.</returns>
    public async Task<IReadOnlyList<Problem>> Look(CancellationToken cancellationToken)
    {
        var found = await Task.WhenAll(_known.Select(known => Look(known, cancellationToken)));
        return [.. found.SelectMany(problems => problems).OrderBy(problem => problem.Since)];
    }

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // While a host starts or stops nothing is wrong that would not be said elsewhere.
        metrics.WatchProblems(Ages);
        using var running = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, lifetime.ApplicationStopping);
        await Task.Delay(Timeout.InfiniteTimeSpan, clock, lifetime.ApplicationStarted)
            .WaitAsync(running.Token)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        while (!running.IsCancellationRequested)
        {
            await ((Task)Look(running.Token)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await Task.Delay(Interval, clock, running.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>What was wrong when it was looked last. Nobody is asked.</summary>
    IEnumerable<Measurement<double>> Ages()
    {
        var now = clock.GetUtcNow();
        foreach (var known in _known)
        {
            foreach (var problem in known.Last)
                yield return new Measurement<double>(
                    (now - problem.Since!.Value).TotalSeconds,
                    new("code", problem.Code),
                    new("where", problem.Where ?? "")
                );
        }
    }

    async Task<IEnumerable<Problem>> Look(Known known, CancellationToken cancellationToken)
    {
        try
        {
            using var timeout = new CancellationTokenSource(LongestLook, clock);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
            return Compare(known, await known.Source.Find(limit.Token).WaitAsync(limit.Token));
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            // What was wrong before may be so still; why nobody can tell, another source says.
            return Compare(
                known,
                [
                    .. known.Last,
                    new Problem
                    {
                        Code = NotKnown,
                        Where = known.Name,
                        Detail = $"this could not be looked at ({exception.GetType().Name})",
                    },
                ]
            );
        }
    }

    IEnumerable<Problem> Compare(Known known, IReadOnlyList<Problem> found)
    {
        lock (known)
        {
            var before = known.Last.ToDictionary(problem => (problem.Code, problem.Where));
            var now = found
                .DistinctBy(problem => (problem.Code, problem.Where))
                .Select(problem =>
                    problem.Since is null
                        ? problem with
                        {
                            Since = before.GetValueOrDefault((problem.Code, problem.Where))?.Since ?? clock.GetUtcNow(),
                        }
                        : problem
                )
                .ToList();
            foreach (var problem in now.Where(problem => !before.Remove((problem.Code, problem.Where))))
                Began(problem.Code, problem.Where, problem.Detail);
            foreach (var problem in before.Values)
                Ended(problem.Code, problem.Where, clock.GetUtcNow() - problem.Since!.Value);

            return known.Last = now;
        }
    }

    sealed class Known(IProblemSource source)
    {
        public IProblemSource Source => source;

        public string Name => source.GetType().Name;

        public volatile IReadOnlyList<Problem> Last = [];
    }

    [LoggerMessage(LogLevel.Warning, "Problem {Code} {Where}: {Detail}")]
    partial void Began(string code, string? where, string detail);

    [LoggerMessage(LogLevel.Information, "Problem {Code} {Where} is over after {Duration}")]
    partial void Ended(string code, string? where, TimeSpan duration);
}
