namespace NotificationBus.Chaos.Situations;

/// <summary>
/// Row A3 of the faults: hosts that know both servers go on with the one that writes, also when the other is back and answers.
/// </summary>
sealed class SwitchOver : Situation
{
    const int PerSecond = 50;

    public override string Name => "switch-over";

    public override string What => "a planned switch to the standby and back under load, the old primary comes back as a standby";

    public override Dose Full => new(1_500, TimeSpan.FromSeconds(8));

    public override bool HasStandby => true;

    public override async Task Happen(Arena arena, Dose dose)
    {
        await arena.Start("api,worker");
        await arena.Start("worker");
        var publishing = arena.Bus.Publish(Shipments(Name, dose.Count), PerSecond);
        await Task.Delay(dose.Every);
        await Switch(arena.Postgres, arena.Standby);
        await Task.Delay(dose.Every);
        await Switch(arena.Standby, arena.Postgres);
        await publishing;
        await arena.Settle(TimeSpan.FromSeconds(90));

        static async Task Switch(IntegrationTests.Servers.PostgresServer from, IntegrationTests.Servers.PostgresServer to)
        {
            await from.Stop();
            await to.Promote();
            await from.Follow(to);
        }
    }

    public override IEnumerable<string> Broken(Arena arena, Audit audit) =>
        [.. AllSent(audit), .. When(audit.Duplicates > 0, "no sender died, and yet something was sent twice")];
}
