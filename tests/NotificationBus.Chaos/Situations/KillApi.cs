namespace NotificationBus.Chaos.Situations;

/// <summary>Reliability, row 3.</summary>
sealed class KillApi : Situation
{
    const int PerSecond = 200;

    public override string Name => "kill-api";

    public override string What => "kill -9 the API again and again while it is posted to, with the same event id until it answers 202";

    public override Dose Full => new(12_000, TimeSpan.FromSeconds(1));

    public override async Task Happen(Arena arena, Dose dose)
    {
        await arena.Start("worker");
        var api = await arena.Start("api");
        var producer = new HttpProducer(() => api.Client, arena.Requests);
        await arena.KillRepeatedly(api, dose.Every, producer.Post(Shipments(Name, dose.Count), PerSecond));
        await arena.Settle();
    }

    public override IEnumerable<string> Broken(Arena arena, Audit audit) =>
        [
            .. AllSent(audit),
            .. When(arena.Kills == 0, "it was never killed: more notifications, or a shorter --every"),
            .. When(audit.Duplicates > 0, "no sender died, and yet something was sent twice"),
            .. When(audit.Notifications.Count > arena.Requests.Asked.Count, "more notifications than events"),
        ];

    public override IEnumerable<string> Remarks(Arena arena, Audit audit) => [$"{arena.Requests.Unanswered} were once without an answer"];
}
