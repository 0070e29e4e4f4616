using System.Collections.Concurrent;

namespace NotificationBus.Dashboard.Api;

/// <summary>
/// What was asked for within the last moment, kept for everybody who may see it: twenty open consoles ask once. What is asked for while the
/// answer is under way waits for that one.
/// </summary>
public sealed class SharedAnswers(TimeProvider clock)
{
    static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);

    // What was asked for and is not fresh any more goes when there is so much of it.
    const int MostKept = 200;

    readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    long _asked;

    /// <summary>How often the API was asked.</summary>
    internal long Asked => Interlocked.Read(ref _asked);

    /// <summary>Returns what was just asked for, or asks.</summary>
    /// <param name="key">The question, with what whoever asks may see.</param>
    /// <param name="ask">Asks. Not cancelled by whoever asked first, for others wait too.</param>
    internal async Task<ApiAnswer> Get(string key, Func<Task<ApiAnswer>> ask)
    {
        while (true)
        {
            var entry = _entries.GetOrAdd(key, static (_, ask) => new Entry(ask), ask);
            if (entry.IsStale(clock, Fresh))
            {
                _entries.TryRemove(KeyValuePair.Create(key, entry));
                continue;
            }

            var isFirst = entry.Begin();
            if (isFirst)
                Interlocked.Increment(ref _asked);
            try
            {
                var answer = await entry.Answer.Value;
                if (isFirst)
                    entry.Settle(clock.GetTimestamp());
                return answer;
            }
            catch
            {
                _entries.TryRemove(KeyValuePair.Create(key, entry));
                throw;
            }
            finally
            {
                if (isFirst && _entries.Count > MostKept)
                    Forget();
            }
        }
    }

    /// <summary>Forgets all: something was changed here, and whoever changed it wants to see it.</summary>
    internal void Clear() => _entries.Clear();

    void Forget()
    {
        foreach (var (key, entry) in _entries.Where(pair => pair.Value.IsStale(clock, Fresh)))
            _entries.TryRemove(KeyValuePair.Create(key, entry));
    }

    sealed class Entry(Func<Task<ApiAnswer>> ask)
    {
        int _begun;
        long _settledAt = -1;

        public Lazy<Task<ApiAnswer>> Answer { get; } = new(ask);

        public bool Begin() => Interlocked.Exchange(ref _begun, 1) == 0;

        public void Settle(long at) => Interlocked.Exchange(ref _settledAt, at);

        public bool IsStale(TimeProvider clock, TimeSpan fresh) =>
            Interlocked.Read(ref _settledAt) is >= 0 and var at && clock.GetElapsedTime(at) > fresh;
    }
}

/// <summary>An answer of the API.</summary>
/// <param name="Status">Its status.</param>
/// <param name="Body">Its body.</param>
sealed record ApiAnswer(int Status, byte[] Body);
