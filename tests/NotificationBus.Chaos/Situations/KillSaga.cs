namespace NotificationBus.Chaos.Situations;

/// <summary>Reliability, row 2.</summary>
sealed class KillSaga : Situation
{
    public override string Name => "kill-saga";

    public override string What => "kill -9 the host of the saga again and again, while another host sends";

    public override Dose Full => new(10_000, TimeSpan.FromSeconds(2));

    public override Dose? Quick => new(300, TimeSpan.FromSeconds(1));

    public override async Task Happen(Arena arena, Dose dose)
    {
        arena.A.Answer = Witnesses.Answers.Accept(TimeSpan.FromMilliseconds(40));
        await arena.Start("sender");
        var saga = await arena.Start("saga");
        await arena.KillRepeatedly(saga, dose.Every, arena.Bus.Publish(Shipments(Name, dose.Count)));
        await arena.Settle();
    }

    public override IEnumerable<string> Broken(Arena arena, Audit audit) =>
        [
            .. AllSent(audit),
            .. When(arena.Kills == 0, "it was never killed: more notifications, or a shorter --every"),
            .. When(audit.Duplicates > 0, "no sender died, and yet something was sent twice"),
            .. When(audit.Notifications.Count > audit.Accepted, "more notifications than events"),
        ];
}
