namespace NotificationBus.Chaos.Situations;

/// <summary>Reliability, row 35.</summary>
sealed class BulkDoesNotDelayTransactional : Situation
{
    const int PerSecond = 10;
    const int Idle = 50;

    static readonly TimeSpan MostDelay95 = TimeSpan.FromMilliseconds(500);
    static readonly TimeSpan MostDelay99 = TimeSpan.FromSeconds(2);

    public override string Name => "bulk-does-not-delay-transactional";

    public override string What => "a flood of announcements is queued while orders are shipped";

    public override Dose Full => new(20_000, TimeSpan.FromSeconds(30));

    public override Dose? Quick => null;

    public override IReadOnlyDictionary<string, string> Settings { get; } =
        new Dictionary<string, string>(StringComparer.Ordinal) { ["EventTypes:announcement:Lane"] = "Bulk" };

    public override async Task Happen(Arena arena, Dose dose)
    {
        arena.A.Answer = Witnesses.Answers.Accept(TimeSpan.FromMilliseconds(40));
        await arena.Start("worker");
        await arena.Bus.Publish(Shipments("idle", Idle), PerSecond);
        await arena.Settle();
        await arena.Bus.Publish(Enumerable.Range(1, dose.Count).Select(number => Occurrence.Announced("flood", number)));
        await arena.Bus.Publish(Shipments("busy", (int)(dose.Every.TotalSeconds * PerSecond)), PerSecond);
        await arena.Settle();
    }

    public override IEnumerable<string> Broken(Arena arena, Audit audit)
    {
        var (idle, busy) = (Of(arena, "idle-"), Of(arena, "busy-"));
        return
        [
            .. AllSent(audit),
            .. When(
                busy.AtPercent(95) > idle.AtPercent(95) + MostDelay95,
                $"p95 {busy.AtPercent(95).TotalMilliseconds:0} ms beside the flood, {idle.AtPercent(95).TotalMilliseconds:0} ms before it"
            ),
            .. When(
                busy.AtPercent(99) > idle.AtPercent(99) + MostDelay99,
                $"p99 {busy.AtPercent(99).TotalMilliseconds:0} ms beside the flood, {idle.AtPercent(99).TotalMilliseconds:0} ms before it"
            ),
        ];
    }

    public override IEnumerable<string> Remarks(Arena arena, Audit audit) =>
        [
            $"p95 {Of(arena, "idle-").AtPercent(95).TotalMilliseconds:0} ms idle, "
                + $"{Of(arena, "busy-").AtPercent(95).TotalMilliseconds:0} ms beside the flood",
        ];

    static Delays Of(Arena arena, string prefix) =>
        Delays.Of(arena, occurrence => occurrence.EventId.StartsWith(prefix, StringComparison.Ordinal));
}
