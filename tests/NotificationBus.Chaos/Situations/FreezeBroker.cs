namespace NotificationBus.Chaos.Situations;

/// <summary>Reliability, row 9.</summary>
sealed class FreezeBroker : Situation
{
    public override string Name => "freeze-broker";

    public override string What => "RabbitMQ is stopped where it is (SIGSTOP) for a while, connections open and silent";

    public override Dose Full => new(4_000, TimeSpan.FromSeconds(30));

    public override async Task Happen(Arena arena, Dose dose)
    {
        await arena.Start("worker");
        var publishing = arena.Bus.Publish(Shipments(Name, dose.Count), perSecond: 200);
        await Task.Delay(TimeSpan.FromSeconds(2));
        arena.Broker.Freeze();
        await Task.Delay(dose.Every);
        arena.Broker.Thaw();
        await publishing;
        await arena.Settle();
    }

    public override IEnumerable<string> Broken(Arena arena, Audit audit) =>
        [.. AllSent(audit), .. When(audit.Duplicates > 0, "published again under the same event id, it must be sent once")];

    public override IEnumerable<string> Remarks(Arena arena, Audit audit) => [$"{arena.Requests.Unanswered} were once without a confirm"];
}
