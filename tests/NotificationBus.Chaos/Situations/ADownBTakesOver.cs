using NotificationBus.Providers;

namespace NotificationBus.Chaos.Situations;

/// <summary>Reliability, row 21.</summary>
sealed class ADownBTakesOver : Situation
{
    const int Concurrency = ConcurrencyOptions.DefaultMin;
    const int UntilOpen = 8;
    const int Probes = 20;
    const int PerSecond = 100;

    static readonly TimeSpan MostDelay = TimeSpan.FromSeconds(2);

    public override string Name => "a-down-b-takes-over";

    public override string What => "the first provider refuses connections, the second takes over";

    public override Dose Full => new(3_000, TimeSpan.FromSeconds(3));

    public override Dose? Quick => null;

    public override IReadOnlyDictionary<string, string> Settings { get; } = Provider500.TwoProviders;

    public override async Task Happen(Arena arena, Dose dose)
    {
        await arena.Start("worker");
        await arena.A.Close();
        await arena.Bus.Publish(Shipments(Name, dose.Count), PerSecond);
        await arena.Settle();
    }

    public override IEnumerable<string> Broken(Arena arena, Audit audit)
    {
        var wasted = Wasted(audit);
        var delay = Delays.Of(arena).AtPercent(95);
        return
        [
            .. AllSent(audit),
            .. When(audit.Duplicates > 0, "a refused connection is no doubt, and yet something was sent twice"),
            .. When(
                wasted > UntilOpen + Concurrency + Probes,
                $"{wasted} calls wasted on the first provider, more than {UntilOpen + Concurrency} and a few probes"
            ),
            .. When(delay > MostDelay, $"one in twenty came more than {MostDelay.TotalSeconds} s after its event"),
        ];
    }

    public override IEnumerable<string> Remarks(Arena arena, Audit audit) =>
        [$"{Wasted(audit)} calls wasted", $"p95 {Delays.Of(arena).AtPercent(95).TotalMilliseconds:0} ms after the event"];

    static int Wasted(Audit audit) => audit.Attempts.Sum(attempts => attempts.Count(attempt => attempt.Provider == "a"));
}
