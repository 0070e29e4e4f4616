namespace NotificationBus.Chaos.Situations;

/// <summary>Reliability, row 22.</summary>
sealed class AReturns : Situation
{
    const int PerSecond = 20;

    static readonly TimeSpan Recovery = TimeSpan.FromSeconds(45);

    DateTimeOffset _returned;

    public override string Name => "a-returns";

    public override string What => "the first provider was away and comes back: traffic returns to it";

    public override Dose Full => new(1_600, TimeSpan.FromSeconds(15));

    public override IReadOnlyDictionary<string, string> Settings { get; } = Provider500.TwoProviders;

    public override async Task Happen(Arena arena, Dose dose)
    {
        await arena.Start("worker");
        await arena.A.Close();
        var publishing = arena.Bus.Publish(Shipments(Name, dose.Count), PerSecond);
        await Task.Delay(dose.Every);
        await arena.A.Open();
        _returned = Clock.Now;
        await publishing;
        await arena.Settle();
    }

    public override IEnumerable<string> Broken(Arena arena, Audit audit)
    {
        var later = arena.Witness.Calls.Where(call => call.Received > _returned + Recovery).ToList();
        var share = later.Count == 0 ? 0 : (double)later.Count(call => call.Provider == "a") / later.Count;
        return
        [
            .. AllSent(audit),
            .. When(audit.Duplicates > 0, "a refused connection is no doubt, and yet something was sent twice"),
            .. When(later.Count == 0, $"the run ended before {Recovery.TotalSeconds} s had passed: more notifications"),
            .. When(
                later.Count > 0 && share < 0.95,
                $"{share:P0} of the traffic on the first provider {Recovery.TotalSeconds} s after it came back"
            ),
        ];
    }
}
