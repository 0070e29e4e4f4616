using NotificationBus.Providers;

namespace NotificationBus.Chaos.Situations;

/// <summary>Reliability, row 23.</summary>
sealed class WrongCredentials : Situation
{
    const int Concurrency = ConcurrencyOptions.DefaultMin;
    const int MostCalls = 3;

    public override string Name => "wrong-credentials";

    public override string What => "the first provider answers 401, the second carries on";

    public override Dose Full => new(1_000, TimeSpan.FromSeconds(3));

    public override IReadOnlyDictionary<string, string> Settings { get; } = Provider500.TwoProviders;

    public override async Task Happen(Arena arena, Dose dose)
    {
        arena.A.Answer = Witnesses.Answers.Refuse(401, """{"error":"who are you?"}""");
        await arena.Start("worker");
        await arena.Bus.Publish(Shipments(Name, dose.Count), perSecond: 50);
        await arena.Settle();
    }

    public override IEnumerable<string> Broken(Arena arena, Audit audit)
    {
        var calls = arena.Witness.Calls.Count(call => call.Provider == "a");
        return
        [
            .. AllSent(audit),
            .. When(audit.Duplicates > 0, "401 is no doubt, and yet something was sent twice"),
            .. When(calls > MostCalls + Concurrency, $"{calls} calls with wrong credentials, more than {MostCalls} and those in flight"),
        ];
    }
}
