namespace NotificationBus.Channels.Sandbox;

/// <summary>
/// The places of those who follow the inbox. When all are taken, one more gets the place of who has it longest, if that is a minute: a
/// browser comes back where it left off, and whoever only holds a place holds it no longer than that. What one takes of little is no sign:
/// it is in the buffers on the way, and nobody may ever read it.
/// </summary>
sealed class InboxReaders(TimeProvider clock)
{
    /// <summary>The most readers at the same time.</summary>
    public const int Most = 50;

    /// <summary>The time for which a place is kept in any case.</summary>
    public static readonly TimeSpan Undisturbed = TimeSpan.FromMinutes(1);

    readonly Lock _lock = new();
    readonly LinkedList<Reader> _oldestFirst = new();

    /// <summary>A place; null when there is none.</summary>
    public Reader? Enter()
    {
        var reader = new Reader(this, clock.GetTimestamp());
        Reader? oldest = null;
        lock (_lock)
        {
            if (_oldestFirst.Count >= Most)
            {
                oldest = _oldestFirst.First!.Value;
                if (clock.GetElapsedTime(oldest.Since) < Undisturbed)
                    return null;

                _oldestFirst.RemoveFirst();
            }

            _oldestFirst.AddLast(reader);
        }

        oldest?.Leave();
        return reader;
    }

    /// <summary>One who follows.</summary>
    internal sealed class Reader(InboxReaders readers, long since) : IDisposable
    {
        readonly CancellationTokenSource _left = new();

        public long Since => since;

        /// <summary>Is cancelled when the place is another's.</summary>
        public CancellationToken Left => _left.Token;

        public void Leave() => _left.Cancel();

        public void Dispose()
        {
            lock (readers._lock)
                readers._oldestFirst.Remove(this);
        }
    }
}
