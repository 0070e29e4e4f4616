using System.Collections.Concurrent;
using NotificationBus.Contracts;
using Npgsql;

namespace NotificationBus.Postgres;

/// <summary>
/// Hands out the turns at accounts whose rate is limited: one row for each account, moved on by all hosts. Those of a lane who ask while a
/// statement is under way share the next one. What is transactional does not wait behind bulk deliveries: it takes the turns that they
/// have, and for each of these one of them goes to the end of the line when its turn comes.
/// </summary>
sealed class SlotReservations(NpgsqlDataSource database)
{
    // Counted from when a turn was last taken, where that is later than now: the clock was put back since, and is made up for by
    // ClockWatch.
    const string Now = "greatest(now(), s.taken_at)";

    const string TakeTransactionalSlots = $"""
        INSERT INTO provider_slot AS s (account, next_slot, next_transactional, taken_at)
            VALUES (@account, now() + @interval, now() + @interval, now())
        ON CONFLICT (account) DO UPDATE SET
            next_transactional = greatest(s.next_transactional, {Now}) + @interval,
            next_slot = greatest(s.next_slot, greatest(s.next_transactional, {Now}) + @interval),
            owed = CASE
                WHEN s.next_slot <= {Now} THEN 0
                WHEN s.next_slot > greatest(s.next_transactional, {Now}) THEN least(s.owed + @turns,
                    ceil(extract(epoch FROM s.next_slot - {Now}) / (extract(epoch FROM @interval) / @turns)))
                ELSE s.owed END,
            taken_at = {Now}
        RETURNING next_transactional - @interval - taken_at
        """;

    const string TakeSlots = $"""
        INSERT INTO provider_slot AS s (account, next_slot, taken_at) VALUES (@account, now() + @interval, now())
        ON CONFLICT (account) DO UPDATE SET next_slot = greatest(s.next_slot, {Now}) + @interval, taken_at = {Now}
        RETURNING next_slot - @interval - taken_at
        """;

    readonly ConcurrentDictionary<(string Account, Lane Lane), Line> _lines = new();

    /// <summary>Takes the next slot.</summary>
    /// <returns>How long to wait for it.</returns>
    public Task<TimeSpan> Reserve(string account, double perSecond, Lane lane) =>
        _lines.GetOrAdd((account, lane), key => new Line(key.Account, key.Lane)).Reserve(database, TimeSpan.FromSeconds(1 / perSecond));

    sealed class Line(string name, Lane lane)
    {
        readonly Lock _lock = new();
        List<Asked> _waiting = [];
        bool _asking;

        public Task<TimeSpan> Reserve(NpgsqlDataSource database, TimeSpan interval)
        {
            var asked = new Asked(interval, new TaskCompletionSource<TimeSpan>(TaskCreationOptions.RunContinuationsAsynchronously));
            lock (_lock)
            {
                _waiting.Add(asked);
                if (!_asking)
                {
                    _asking = true;
                    _ = Task.Run(() => Ask(database));
                }
            }

            return asked.Slot.Task;
        }

        async Task Ask(NpgsqlDataSource database)
        {
            while (true)
            {
                List<Asked> asking;
                lock (_lock)
                {
                    if (_waiting.Count == 0)
                    {
                        _asking = false;
                        return;
                    }

                    (asking, _waiting) = (_waiting, []);
                }

                try
                {
                    // The rate may have changed between one who asks and the next.
                    var turn = await Take(database, asking.Aggregate(TimeSpan.Zero, (sum, asked) => sum + asked.Interval), asking.Count);
                    foreach (var (interval, slot) in asking)
                    {
                        slot.SetResult(turn);
                        turn += interval;
                    }
                }
                catch (Exception exception)
                {
                    foreach (var (_, slot) in asking)
                        slot.TrySetException(exception);
                }
            }
        }

        async Task<TimeSpan> Take(NpgsqlDataSource database, TimeSpan interval, int turns)
        {
            var command = new NpgsqlBatchCommand(lane == Lane.Bulk ? TakeSlots : TakeTransactionalSlots);
            if (lane != Lane.Bulk)
                command.Parameters.Add(new NpgsqlParameter<int>("turns", turns));
            command.Parameters.Add(new NpgsqlParameter<string>("account", name));
            command.Parameters.Add(new NpgsqlParameter<TimeSpan>("interval", interval));
            return (TimeSpan)(await database.Write(command, CancellationToken.None))!;
        }

        readonly record struct Asked(TimeSpan Interval, TaskCompletionSource<TimeSpan> Slot);
    }
}
