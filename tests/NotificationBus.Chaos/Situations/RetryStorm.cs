using NotificationBus.Chaos.Witnesses;

namespace NotificationBus.Chaos.Situations;

/// <summary>Reliability, row 37.</summary>
sealed class RetryStorm : Situation
{
    const double MostCallsPerNotification = 1.2;
    const double MostInOneSecond = 0.1;
    const int LeastToSpread = 500;

    DateTimeOffset _returned;

    public override string Name => "retry-storm";

    public override string What => "the only provider is away while notifications pile up, and comes back";

    public override Dose Full => new(10_000, TimeSpan.FromSeconds(60));

    public override Dose? Quick => null;

    // The first as a host has it. The usual ones of a run, one and five seconds, leave no room to spread ten thousand.
    public override IReadOnlyDictionary<string, string> Settings { get; } =
        new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Redelivery:FirstDelay"] = "00:00:05",
            ["Redelivery:LongestDelay"] = "00:00:40",
        };

    public override async Task Happen(Arena arena, Dose dose)
    {
        await arena.Start("worker");
        await arena.A.Close();
        await arena.Bus.Publish(Shipments(Name, dose.Count));
        await Task.Delay(dose.Every);
        await arena.A.Open();
        _returned = Clock.Now;
        await arena.Settle();
    }

    public override IEnumerable<string> Broken(Arena arena, Audit audit)
    {
        var calls = arena.Witness.Calls;
        var busiest = BySecond(calls).Max(second => second.Count());
        return
        [
            .. AllSent(audit),
            .. When(audit.Duplicates > 0, "a refused connection is no doubt, and yet something was sent twice"),
            .. When(calls.Count > MostCallsPerNotification * audit.Accepted, $"{calls.Count} calls for {audit.Accepted} notifications"),
            .. When(audit.Accepted >= LeastToSpread && busiest > MostInOneSecond * audit.Accepted, $"{busiest} calls in one second"),
        ];
    }

    public override IEnumerable<string> Remarks(Arena arena, Audit audit) =>
        [
            $"{audit.Attempts.Sum(attempts => attempts.Count())} attempts, of which {arena.Witness.Calls.Count} reached the provider",
            $"calls by second: {string.Join(' ', BySecond(arena.Witness.Calls).Select(second => second.Count()))}",
        ];

    IEnumerable<IGrouping<int, Call>> BySecond(IEnumerable<Call> calls) =>
        calls.GroupBy(call => (int)(call.Received - _returned).TotalSeconds).OrderBy(second => second.Key);
}
