namespace NotificationBus.Chaos.Situations;

/// <summary>Reliability, row 12: the worst of it, a provider that takes everything and never says so.</summary>
sealed class ProviderHangs : Situation
{
    static readonly TimeSpan Timeout = TimeSpan.FromSeconds(3);
    static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(1);

    public override string Name => "provider-hangs";

    public override string What => "the provider takes what it gets and does not answer, for a while";

    public override Dose Full => new(200, TimeSpan.FromSeconds(30));

    public override Dose? Quick => null;

    public override async Task Happen(Arena arena, Dose dose)
    {
        arena.A.Answer = Witnesses.Answers.Hang();
        await arena.Start("worker");
        await arena.Bus.Publish(Shipments(Name, dose.Count));
        await Task.Delay(dose.Every);
        arena.A.Answer = Witnesses.Answers.Accept();
        await arena.Settle();
    }

    public override IEnumerable<string> Broken(Arena arena, Audit audit)
    {
        var hanging = arena.Witness.Calls.Where(call => !call.AnswerWritten).ToList();
        var longest = hanging.Max(call => (call.Answered ?? Clock.Now) - call.Received);
        return
        [
            .. When(
                longest > Timeout + Tolerance,
                $"a call was given up after {longest.TotalSeconds:0.0} s and not after {Timeout.TotalSeconds}"
            ),
            .. When(audit.Sent < audit.Accepted, $"{audit.Accepted - audit.Sent} were never called for"),
            .. When(audit.Duplicates > hanging.Count, "more duplicates than calls without an answer"),
        ];
    }
}
