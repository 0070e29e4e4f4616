namespace NotificationBus.Chaos.Situations;

/// <summary>Reliability, row 1.</summary>
sealed class KillWorker : Situation
{
    const int Concurrency = 16;

    // Measured without a ledger, at the same concurrency and latency.
    const double Baseline = 11.6;

    public override string Name => "kill-worker";

    public override string What => "kill -9 the worker again and again while it sends";

    public override Dose Full => new(10_000, TimeSpan.FromSeconds(3));

    public override Dose? Quick => new(1_500, TimeSpan.FromSeconds(1));

    public override async Task Happen(Arena arena, Dose dose)
    {
        arena.A.Answer = Witnesses.Answers.Accept(TimeSpan.FromMilliseconds(40));
        var worker = await arena.Start("worker");
        await arena.KillRepeatedly(worker, dose.Every, arena.Bus.Publish(Shipments(Name, dose.Count)));
        await arena.Settle();
    }

    public override IEnumerable<string> Broken(Arena arena, Audit audit) =>
    [
        .. AllSent(audit),
        .. When(arena.Kills == 0, "it was never killed: more notifications, or a shorter --every"),
        .. When(audit.Duplicates > Concurrency * arena.Kills, $"more than {Concurrency} duplicates per kill"),
        .. When(arena.Kills >= 10 && audit.Duplicates > Baseline * arena.Kills, $"more than {Baseline} duplicates per kill"),
    ];

    public override IEnumerable<string> Remarks(Arena arena, Audit audit) => [$"{(double)audit.Duplicates / Math.Max(1, arena.Kills):0.0} duplicates per kill"];
}
