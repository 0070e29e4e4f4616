namespace NotificationBus.Chaos.Situations;

/// <summary>Reliability, row 24: kinds of messages that no program can make sense of, among good ones.</summary>
sealed class Poison : Situation
{
    long _setAside;

    public override string Name => "poison";

    public override string What => "messages that nobody can process, of 23 kinds, between good ones";

    public override Dose Full => new(1_000, TimeSpan.Zero);

    public override Dose? Quick => new(200, TimeSpan.Zero);

    public override async Task Happen(Arena arena, Dose dose)
    {
        await arena.Start("worker");
        var good = arena.Bus.Publish(Shipments(Name, dose.Count));
        List<Guid> known;
        while ((known = await arena.Query("SELECT id FROM notification LIMIT 1", row => row.GetGuid(0))).Count == 0)
            await Task.Delay(TimeSpan.FromMilliseconds(100));

        await using (var line = arena.Bus.Connect())
        {
            foreach (var poison in IntegrationTests.Poison.Of(known[0]))
            {
                await line.Publish(poison.Exchange, poison.Body, poison.Properties);
                arena.PoisonIsAdded();
            }
        }

        await good;
        await arena.Settle();
        for (var tries = 0; tries < 40 && await arena.Strays() < arena.Poison; tries++)
            await Task.Delay(TimeSpan.FromMilliseconds(500));
        _setAside = await arena.Strays();
    }

    public override IEnumerable<string> Broken(Arena arena, Audit audit) =>
        [.. AllSent(audit), .. When(_setAside != arena.Poison, $"{_setAside} set aside of {arena.Poison} poisonous ones")];
}
