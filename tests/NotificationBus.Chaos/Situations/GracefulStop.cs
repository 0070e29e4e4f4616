using System.Diagnostics;
using NotificationBus.Providers;

namespace NotificationBus.Chaos.Situations;

/// <summary>Reliability, row 32.</summary>
sealed class GracefulStop : Situation
{
    const int Concurrency = ConcurrencyOptions.DefaultMin;

    static readonly TimeSpan Latency = TimeSpan.FromSeconds(2);
    static readonly TimeSpan Limit = TimeSpan.FromSeconds(25);

    TimeSpan _took;
    int _exitCode;

    public override string Name => "graceful-stop";

    public override string What => $"SIGTERM while calls are under way, by a provider that takes {Latency.TotalSeconds} s";

    public override Dose Full => new(120, TimeSpan.FromSeconds(1));

    public override Dose? Quick => new(40, TimeSpan.FromSeconds(1));

    public override async Task Happen(Arena arena, Dose dose)
    {
        arena.A.Answer = Witnesses.Answers.Accept(Latency);
        arena.Mail.Latency = Latency;
        var worker = await arena.Start("worker");
        await arena.Bus.Publish(Enumerable.Range(1, dose.Count).Select(number => Occurrence.Placed(Name, number)));
        await Arena.Until(
            () => arena.Witness.Calls.Count(call => call.Provider == "a") >= Math.Min(Concurrency, dose.Count),
            TimeSpan.FromSeconds(30)
        );
        var started = Stopwatch.GetTimestamp();
        _exitCode = await worker.Terminate();
        _took = Stopwatch.GetElapsedTime(started);

        arena.A.Answer = Witnesses.Answers.Accept();
        arena.Mail.Latency = TimeSpan.Zero;
        await worker.Start();
        await arena.Settle();
    }

    public override IEnumerable<string> Broken(Arena arena, Audit audit) =>
        [
            .. AllSent(audit),
            .. When(audit.Duplicates > 0, "nobody died, and yet something was sent twice"),
            .. When(
                audit.Attempts.SelectMany(attempts => attempts).Any(attempt => attempt.Status == "InDoubt"),
                "a stop in good order left something in doubt"
            ),
            .. When(_exitCode != 0, $"exit code {_exitCode}"),
            .. When(_took > Limit, $"it took {_took.TotalSeconds:0.0} s to stop"),
        ];

    public override IEnumerable<string> Remarks(Arena arena, Audit audit) => [$"stopped in {_took.TotalSeconds:0.0} s"];
}
