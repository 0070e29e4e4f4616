using NotificationBus.Providers;

namespace NotificationBus.Chaos.Situations;

/// <summary>Reliability, row 13.</summary>
sealed class Provider500 : Situation
{
    const int Concurrency = ConcurrencyOptions.DefaultMin;
    const int MostCallsOfOne = 5;
    const int UntilOpen = 8;
    const int Probes = 20;

    public override string Name => "provider-500";

    public override string What => "the first provider answers 500 to everything, the second works";

    public override Dose Full => new(1_000, TimeSpan.FromSeconds(3));

    public override Dose? Quick => new(100, TimeSpan.FromSeconds(3));

    public override IReadOnlyDictionary<string, string> Settings { get; } = TwoProviders;

    internal static Dictionary<string, string> TwoProviders => new(StringComparer.Ordinal) { ["Channels:push:Providers"] = "a,b" };

    public override async Task Happen(Arena arena, Dose dose)
    {
        arena.A.Answer = Witnesses.Answers.Refuse(500, """{"error":"internal"}""");
        await arena.Start("worker");
        await arena.Bus.Publish(Shipments(Name, dose.Count), perSecond: 50);
        await arena.Settle();
    }

    public override IEnumerable<string> Broken(Arena arena, Audit audit)
    {
        var onA = arena.Witness.Calls.Where(call => call.Provider == "a").ToList();
        return
        [
            // A 500 is in doubt: what met one before the circuit opened may be held, everything else goes by B.
            .. When(
                audit.Sent + audit.In("held") < audit.Accepted,
                $"{audit.Accepted - audit.Sent - audit.In("held")} were neither sent by the second provider nor held"
            ),
            .. When(
                onA.CountBy(call => call.Delivery).Any(count => count.Value > MostCallsOfOne),
                $"more than {MostCallsOfOne} calls for one delivery"
            ),
            .. When(
                onA.Count > UntilOpen + Concurrency + Probes,
                $"{onA.Count} calls to the broken provider, more than {UntilOpen + Concurrency} and a few probes"
            ),
        ];
    }

    public override IEnumerable<string> Remarks(Arena arena, Audit audit) =>
        [$"{arena.Witness.Calls.Count(call => call.Provider == "a")} calls to the broken provider"];
}
