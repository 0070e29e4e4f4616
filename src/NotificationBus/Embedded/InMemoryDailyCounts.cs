using NotificationBus.Sending;

namespace NotificationBus.Embedded;

/// <summary>The counts of a day, in memory: those of the day before are forgotten with the first of the next.</summary>
public sealed class InMemoryDailyCounts(TimeProvider clock) : IDailyCounts
{
    readonly Lock _lock = new();
    readonly Dictionary<(string Channel, string Address), int> _ofAddress = [];
    readonly Dictionary<string, decimal> _spent = new(StringComparer.Ordinal);
    DateOnly _day;

    /// <inheritdoc />
    public Task<DailyCount> Count(
        string channel,
        string address,
        decimal cost,
        int? mostOfAddress,
        decimal? mostSpent,
        CancellationToken cancellationToken
    )
    {
        lock (_lock)
        {
            var today = DateOnly.FromDateTime(clock.GetUtcNow().UtcDateTime);
            if (_day != today)
            {
                _ofAddress.Clear();
                _spent.Clear();
                _day = today;
            }

            var sent = _ofAddress.GetValueOrDefault((channel, address));
            var spent = _spent.GetValueOrDefault(channel);
            if (sent >= mostOfAddress)
                return Task.FromResult(DailyCount.AddressFull);
            if (spent + cost > mostSpent)
                return Task.FromResult(DailyCount.SpendFull);

            _ofAddress[(channel, address)] = sent + 1;
            _spent[channel] = spent + cost;
            return Task.FromResult(DailyCount.Counted);
        }
    }
}
