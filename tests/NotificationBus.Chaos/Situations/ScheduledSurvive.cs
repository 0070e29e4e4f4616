namespace NotificationBus.Chaos.Situations;

/// <summary>Reliability, row 41. What is put off is scheduled: the provider asks to be left alone, and every host dies meanwhile.</summary>
sealed class ScheduledSurvive : Situation
{
    const int RetryAfter = 20;
    const int Kills = 3;

    static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(0.5);
    static readonly TimeSpan MostLate = TimeSpan.FromSeconds(15);

    DateTimeOffset _due;

    public override string Name => "scheduled-survive";

    public override string What => $"deliveries are put off for {RetryAfter} s, and all hosts are killed {Kills} times before they are due";

    public override Dose Full => new(2_000, TimeSpan.FromSeconds(2));

    public override async Task Happen(Arena arena, Dose dose)
    {
        arena.A.Answer = Witnesses.Answers.Refuse(429, "", $"{RetryAfter}");
        var host = await arena.Start("api,worker");
        await arena.Bus.Publish(Shipments(Name, dose.Count));
        await Arena.Until(() => arena.Witness.Calls.Count > 0, TimeSpan.FromSeconds(30));
        await Task.Delay(dose.Every);
        arena.A.Answer = Witnesses.Answers.Accept();
        _due = arena.Witness.Calls.First().Received + TimeSpan.FromSeconds(RetryAfter);
        for (var kill = 0; kill < Kills; kill++)
        {
            await host.Kill();
            await host.Start();
        }

        await arena.Settle();
    }

    public override IEnumerable<string> Broken(Arena arena, Audit audit)
    {
        var refused = arena.Witness.Calls.Where(call => !call.Taken).ToLookup(call => call.Delivery);
        var early = arena.Witness.Calls.Count(call =>
            call.Taken && refused[call.Delivery].Any(first => call.Received < first.Received + TimeSpan.FromSeconds(RetryAfter) - Tolerance)
        );
        var late = arena
            .Witness.Calls.Where(call => call.Taken && refused.Contains(call.Delivery))
            .Select(call => call.Received - _due)
            .Order()
            .ToList();
        var p95 = late.Count == 0 ? TimeSpan.Zero : late[late.Count * 95 / 100];
        return
        [
            .. AllSent(audit),
            .. When(refused.Count == 0, "nothing was put off"),
            .. When(early > 0, $"{early} were called for before they were due"),
            .. When(p95 > MostLate, $"one in twenty was {p95.TotalSeconds:0.0} s late"),
        ];
    }
}
