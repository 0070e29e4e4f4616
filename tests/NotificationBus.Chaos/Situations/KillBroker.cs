namespace NotificationBus.Chaos.Situations;

/// <summary>Reliability, row 4.</summary>
sealed class KillBroker : Situation
{
    const int Kills = 3;

    public override string Name => "kill-broker";

    public override string What => $"kill -9 RabbitMQ {Kills} times while events are published and sent";

    public override Dose Full => new(6_000, TimeSpan.FromSeconds(10));

    public override async Task Happen(Arena arena, Dose dose)
    {
        await arena.Start("worker");
        var publishing = arena.Bus.Publish(Shipments(Name, dose.Count), perSecond: 200);
        for (var kill = 0; kill < Kills; kill++)
        {
            await Task.Delay(dose.Every);
            await arena.Broker.Kill();
            arena.OtherKills++;
            await arena.Broker.Restart();
        }

        await publishing;
        await arena.Settle();
    }

    public override IEnumerable<string> Broken(Arena arena, Audit audit) =>
        [.. AllSent(audit), .. When(audit.Duplicates > 0, "no sender died, and yet something was sent twice")];

    public override IEnumerable<string> Remarks(Arena arena, Audit audit) => [$"{arena.Requests.Unanswered} were once without a confirm"];
}
