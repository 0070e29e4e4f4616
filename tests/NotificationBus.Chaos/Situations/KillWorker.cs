using NotificationBus.Chaos.Witnesses;

namespace NotificationBus.Chaos.Situations;

/// <summary>Reliability, row 1: what is in doubt is sent again.</summary>
class KillWorker : Situation
{
    // Of the row; the usual is more.
    const int Concurrency = 16;

    protected static readonly TimeSpan Latency = TimeSpan.FromMilliseconds(40);

    public override string Name => "kill-worker";

    public override string What => "kill -9 the worker again and again while it sends";

    public override Dose Full => new(10_000, TimeSpan.FromSeconds(3));

    public override Dose? Quick => new(400, TimeSpan.FromSeconds(1));

    public override IReadOnlyDictionary<string, string> Settings { get; } =
        new Dictionary<string, string>(StringComparer.Ordinal) { ["Channels:push:Concurrency"] = $"{Concurrency}" };

    protected virtual Answer Provider => Answers.Accept(Latency);

    public sealed override async Task Happen(Arena arena, Dose dose)
    {
        arena.A.Answer = Provider;
        var worker = await arena.Start("worker");
        await arena.KillRepeatedly(worker, dose.Every, arena.Bus.Publish(Shipments(Name, dose.Count)));
        await arena.Settle();
    }

    public sealed override IEnumerable<string> Broken(Arena arena, Audit audit) =>
        [.. When(arena.Kills == 0, "it was never killed: more notifications, or a shorter --every"), .. BrokenBeside(arena, audit)];

    public override IEnumerable<string> Remarks(Arena arena, Audit audit) =>
        [$"{(double)audit.Duplicates / Math.Max(1, arena.Kills):0.0} duplicates per kill"];

    protected virtual IEnumerable<string> BrokenBeside(Arena arena, Audit audit) =>
        [
            .. AllSent(audit),
            .. When(
                audit.Duplicates > Concurrency * arena.Kills,
                $"more than {Concurrency} duplicates per kill, which are at the provider at the same time"
            ),
        ];
}

/// <summary>Reliability, row 1: what is in doubt is held.</summary>
sealed class KillWorkerThatHolds : KillWorker
{
    public override string Name => "kill-worker-hold";

    public override string What => "the same with OnInDoubt=Hold: nothing twice, and all in doubt listed";

    public override Dose? Quick => null;

    public override IReadOnlyDictionary<string, string> Settings =>
        new Dictionary<string, string>(base.Settings, StringComparer.Ordinal) { ["EventTypes:order-shipped:OnInDoubt"] = "Hold" };

    public override IEnumerable<string> Remarks(Arena arena, Audit audit) => [];

    protected override IEnumerable<string> BrokenBeside(Arena arena, Audit audit) =>
        [
            .. When(audit.Duplicates > 0, "held or not, something was sent twice"),
            .. When(
                audit.Sent + audit.In("held") < audit.Accepted,
                $"{audit.Accepted - audit.Sent - audit.In("held")} neither sent nor held"
            ),
        ];
}

/// <summary>Reliability, row 1: a provider that knows a delivery by its key.</summary>
sealed class KillWorkerOfADeduplicatingProvider : KillWorker
{
    public override string Name => "kill-worker-deduplicating";

    public override string What => "the same with a provider that takes an Idempotency-Key once: nothing twice";

    public override Dose? Quick => null;

    protected override Answer Provider => Answers.AcceptOnce(Latency);

    public override IEnumerable<string> Remarks(Arena arena, Audit audit) =>
        [$"{arena.Witness.Calls.Count(call => !call.Taken)} repetitions were recognised"];

    protected override IEnumerable<string> BrokenBeside(Arena arena, Audit audit) =>
        [.. AllSent(audit), .. When(audit.Duplicates > 0, "the key was not the same")];
}
