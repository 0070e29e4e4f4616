namespace NotificationBus.Chaos.Situations;

/// <summary>Reliability, row 17.</summary>
sealed class ProviderResets : Situation
{
    int _resetsAfter;

    public override string Name => "provider-resets";

    public override string What => "the provider resets connections before, during and after the request";

    public override Dose Full => new(300, TimeSpan.FromSeconds(5));

    public override async Task Happen(Arena arena, Dose dose)
    {
        await arena.Start("worker");
        arena.A.ResetsBefore = true;
        await Third(arena, dose, 1);
        (arena.A.ResetsBefore, arena.A.ResetsDuring) = (false, true);
        await Third(arena, dose, 2);
        arena.A.ResetsDuring = false;

        var broken = Witnesses.Answers.ResetAfterTaking();
        arena.A.Answer = (context, call) =>
        {
            Interlocked.Increment(ref _resetsAfter);
            return broken(context, call);
        };
        await Third(arena, dose, 3);
        arena.A.Answer = Witnesses.Answers.Accept();
        await arena.Settle();
    }

    public override IEnumerable<string> Broken(Arena arena, Audit audit) =>
        When(audit.Duplicates > _resetsAfter, $"more duplicates than the {_resetsAfter} resets after the request");

    public override IEnumerable<string> Remarks(Arena arena, Audit audit) =>
        [$"{arena.A.Resets} resets before or during a request, {_resetsAfter} after one"];

    async Task Third(Arena arena, Dose dose, int part)
    {
        await arena.Bus.Publish(Shipments($"{Name}-{part}", dose.Count / 3));
        await Task.Delay(dose.Every);
    }
}
