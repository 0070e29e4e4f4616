using NotificationBus.IntegrationTests.Servers;

namespace NotificationBus.Chaos.Situations;

/// <summary>Row A4 of the faults: what is put off comes when it was said to, by whichever clock.</summary>
sealed class ClocksDiffer : Situation
{
    // A delivery is put off by up to 5 s each time, so that some twenty in the time the provider is away are what they should be.
    const int MostPutOff = 40;

    static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    static readonly TimeSpan Recovery = TimeSpan.FromSeconds(60);

    long _putOff;
    TimeSpan _took;

    public override string Name => "clocks-differ";

    public override string What => "the database's clock is an hour ahead, and set back by an hour while the provider is away";

    public override Dose Full => new(200, TimeSpan.FromSeconds(20));

    public override async Task Happen(Arena arena, Dose dose)
    {
        await using var clock = await DatabaseClock.Of(arena.Database, Hour);
        await arena.Start("api,worker");
        await arena.Start("worker");
        await arena.A.Close();
        await arena.Bus.Publish(Shipments(Name, dose.Count));
        await Task.Delay(dose.Every);
        await clock.Set(TimeSpan.Zero);
        await Task.Delay(dose.Every);
        _putOff = await arena.Count("SELECT n_tup_ins FROM pg_stat_user_tables WHERE relname = 'outgoing_message'");
        await arena.A.Open();
        var returned = Clock.Now;
        await arena.Settle(TimeSpan.FromSeconds(90));
        _took = Clock.Now - returned;
    }

    public override IEnumerable<string> Broken(Arena arena, Audit audit) =>
        [
            .. AllSent(audit),
            .. When(audit.Duplicates > 0, "a refused connection is no doubt, and yet something was sent twice"),
            .. When(_putOff > MostPutOff * audit.Accepted, $"put off {_putOff} times"),
            .. When(_took > Recovery, $"all were sent {_took.TotalSeconds:0} s after the provider had come back"),
        ];

    public override IEnumerable<string> Remarks(Arena arena, Audit audit) =>
        [$"put off {_putOff} times, all sent {_took.TotalSeconds:0} s after the provider was back"];
}
