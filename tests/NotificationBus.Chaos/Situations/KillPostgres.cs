namespace NotificationBus.Chaos.Situations;

/// <summary>Reliability, row 7.</summary>
sealed class KillPostgres : Situation
{
    const int Kills = 20;

    public override string Name => "kill-postgres";

    public override string What => "kill -9 PostgreSQL again and again under load";

    public override Dose Full => new(8_000, TimeSpan.FromSeconds(2));

    public override async Task Happen(Arena arena, Dose dose)
    {
        await arena.Start("worker");
        var publishing = arena.Bus.Publish(Shipments(Name, dose.Count), perSecond: 200);
        for (var kill = 0; kill < Kills && !(publishing.IsCompleted && arena.Settled >= arena.Requests.Accepted.Count); kill++)
        {
            await Task.Delay(dose.Every);
            await arena.Postgres.Kill();
            arena.OtherKills++;
            await arena.Postgres.Restart();
        }

        await publishing;
        await arena.Settle(TimeSpan.FromSeconds(90));
    }

    public override IEnumerable<string> Broken(Arena arena, Audit audit) => AllSent(audit);
}
