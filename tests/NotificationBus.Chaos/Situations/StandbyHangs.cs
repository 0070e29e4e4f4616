namespace NotificationBus.Chaos.Situations;

/// <summary>
/// Row A2 of the faults: the wait for the standby is cancelled, PostgreSQL answers as if all were well, and then that server is gone.
/// </summary>
sealed class StandbyHangs : Situation
{
    const int PerSecond = 50;

    public override string Name => "standby-hangs";

    public override string What => "the synchronous standby is frozen under load, the primary killed, the standby woken and promoted";

    public override Dose Full => new(1_500, TimeSpan.FromSeconds(20));

    public override bool HasStandby => true;

    public override async Task Happen(Arena arena, Dose dose)
    {
        await arena.Start("api,worker");
        var killed = await arena.Start("worker");
        var publishing = arena.Bus.Publish(Shipments(Name, dose.Count), PerSecond);
        await Task.Delay(TimeSpan.FromSeconds(3));
        arena.Standby.Freeze();
        await Task.Delay(dose.Every / 2);
        // What it had in hand comes to the other host, which finds it done.
        await killed.Kill();
        await Task.Delay(dose.Every / 2);
        await arena.Postgres.Kill();
        arena.OtherKills++;
        arena.Standby.Thaw();
        await arena.Standby.Promote();
        await publishing;
        await arena.Settle(TimeSpan.FromSeconds(120));
    }

    public override IEnumerable<string> Broken(Arena arena, Audit audit) => AllSent(audit);
}
