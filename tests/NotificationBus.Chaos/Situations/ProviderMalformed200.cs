namespace NotificationBus.Chaos.Situations;

/// <summary>Reliability, row 15.</summary>
sealed class ProviderMalformed200 : Situation
{
    const int MostMegabytesMore = 60;

    long _before;
    long _after;

    public override string Name => "provider-malformed-200";

    public override string What => "the provider answers 200 with half a JSON, a page, nothing, a megabyte, or a wrong type";

    public override Dose Full => new(500, TimeSpan.FromSeconds(5));

    public override Dose? Quick => null;

    public override async Task Happen(Arena arena, Dose dose)
    {
        var worker = await arena.Start("worker");
        await arena.Bus.Publish(Shipments($"{Name}-good", 100));
        await arena.Settle();
        _before = worker.PeakMegabytes();
        arena.A.Answer = Witnesses.Answers.Malformed();
        await arena.Bus.Publish(Shipments(Name, dose.Count));
        await Task.Delay(dose.Every);
        _after = worker.PeakMegabytes();
        arena.A.Answer = Witnesses.Answers.Accept();
        await arena.Settle();
    }

    public override IEnumerable<string> Broken(Arena arena, Audit audit)
    {
        var unreadable = arena.Witness.Calls.Count(call =>
            call.Answered is { } at
            && at < (arena.Witness.Calls.Last().Answered ?? at)
            && audit.Attempts[call.Delivery].Any(attempt => attempt.Status == "InDoubt")
        );
        return
        [
            .. When(unreadable == 0, "nothing was in doubt"),
            .. When(audit.Sent < audit.Accepted, $"{audit.Accepted - audit.Sent} were never called for"),
            .. When(_after - _before > MostMegabytesMore, $"the worker grew by {_after - _before} MB"),
        ];
    }

    public override IEnumerable<string> Remarks(Arena arena, Audit audit) => [$"the worker grew by {_after - _before} MB"];
}
