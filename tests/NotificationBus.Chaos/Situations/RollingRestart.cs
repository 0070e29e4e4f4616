namespace NotificationBus.Chaos.Situations;

/// <summary>Reliability, row 31.</summary>
sealed class RollingRestart : Situation
{
    const int Workers = 3;
    const int Rounds = 2;

    readonly List<int> _exitCodes = [];

    public override string Name => "rolling-restart";

    public override string What => $"{Workers} workers are stopped in good order and started again, one at a time, {Rounds} rounds";

    public override Dose Full => new(10_000, TimeSpan.FromSeconds(2));

    public override async Task Happen(Arena arena, Dose dose)
    {
        arena.A.Answer = Witnesses.Answers.Accept(TimeSpan.FromMilliseconds(40));
        var workers = new List<HostSlot>();
        for (var worker = 0; worker < Workers; worker++)
            workers.Add(await arena.Start("worker"));

        var publishing = arena.Bus.Publish(Shipments(Name, dose.Count), perSecond: 150);
        for (var round = 0; round < Rounds; round++)
        {
            foreach (var worker in workers)
            {
                await Task.Delay(dose.Every);
                _exitCodes.Add(await worker.Terminate());
                await worker.Start();
            }
        }

        await publishing;
        await arena.Settle();
    }

    public override IEnumerable<string> Broken(Arena arena, Audit audit) =>
        [
            .. AllSent(audit),
            .. When(audit.Duplicates > 0, "nobody died, and yet something was sent twice"),
            .. When(_exitCodes.Exists(code => code != 0), $"exit codes {string.Join(", ", _exitCodes)}"),
        ];
}
