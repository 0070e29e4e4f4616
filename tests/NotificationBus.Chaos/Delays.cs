namespace NotificationBus.Chaos;

/// <summary>How long after its event each notification was called for.</summary>
sealed class Delays(IEnumerable<TimeSpan> delays)
{
    readonly List<TimeSpan> _sorted = [.. delays.Order()];

    /// <summary>Of those accepted notifications that a condition chooses.</summary>
    public static Delays Of(Arena arena, Func<Occurrence, bool>? which = null)
    {
        var first = arena
            .Witness.Calls.Where(call => call.Taken)
            .GroupBy(call => call.Delivery)
            .ToDictionary(calls => calls.Key, calls => calls.Min(call => call.Received));
        return new(
            arena
                .Requests.Accepted.Select(accepted => (Occurrence: arena.Requests.Asked[accepted.Key], At: accepted.Value))
                .Where(accepted => which is null || which(accepted.Occurrence))
                .SelectMany(accepted =>
                    accepted.Occurrence.Deliveries.Where(first.ContainsKey).Select(delivery => first[delivery] - accepted.At)
                )
        );
    }

    public TimeSpan AtPercent(int percent) =>
        _sorted.Count == 0 ? TimeSpan.Zero : _sorted[Math.Min(_sorted.Count - 1, _sorted.Count * percent / 100)];
}
