using NotificationBus.Providers;

namespace NotificationBus.Chaos.Situations;

/// <summary>Reliability, row 14.</summary>
sealed class Provider429 : Situation
{
    const int PerSecond = 20;
    const int RetryAfter = 3;
    const int Concurrency = ConcurrencyOptions.DefaultMin;

    static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(0.5);

    public override string Name => "provider-429";

    public override string What => $"the provider takes {PerSecond} a second and answers 429 with Retry-After: {RetryAfter} to the rest";

    public override Dose Full => new(600, TimeSpan.FromSeconds(3));

    public override Dose? Quick => null;

    public override async Task Happen(Arena arena, Dose dose)
    {
        arena.A.Answer = Witnesses.Answers.Limited(PerSecond, RetryAfter);
        await arena.Start("worker");
        await arena.Bus.Publish(Shipments(Name, dose.Count));
        await arena.Settle();
    }

    public override IEnumerable<string> Broken(Arena arena, Audit audit)
    {
        var early = Early(arena);
        return
        [
            .. AllSent(audit),
            .. When(audit.Duplicates > 0, "something was sent twice, though every answer was clear"),
            .. When(early > 0, $"{early} calls within the {RetryAfter} s the provider had asked to be left alone, beside those in flight"),
        ];
    }

    public override IEnumerable<string> Remarks(Arena arena, Audit audit)
    {
        var calls = arena.Witness.Calls;
        var seconds = (calls.Max(call => call.Received) - calls.Min(call => call.Received)).TotalSeconds;
        return
        [
            $"{calls.Count(call => !call.Taken)} answers 429",
            string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{audit.Accepted / seconds:0.0} taken a second"),
        ];
    }

    /// <summary>Calls that came after a 429 and before its time was up; those in flight when it was answered may still come.</summary>
    static int Early(Arena arena)
    {
        var calls = arena.Witness.Calls.Where(call => call.Answered is not null).OrderBy(call => call.Received).ToList();
        var first = calls.Find(call => !call.Taken);
        if (first is null)
            return 0;

        var (from, until) = (first.Answered!.Value, first.Answered!.Value + TimeSpan.FromSeconds(RetryAfter) - Tolerance);
        return Math.Max(0, calls.Count(call => call.Received > from && call.Received < until) - Concurrency);
    }
}
