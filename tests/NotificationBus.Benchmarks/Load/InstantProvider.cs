namespace NotificationBus.Benchmarks.Load;

/// <summary>
/// The provider of the contenders that are written here: takes everything at once, in process, as the sandbox of NotificationBus does.
/// </summary>
sealed class InstantProvider
{
    const int Capacity = 500;

    readonly Lock _lock = new();
    readonly Queue<(string Address, string Content)> _newest = new(Capacity + 1);
    long _count;

    /// <summary>Takes a delivery and gives the provider's own id for it.</summary>
    public string Send(string address, string content)
    {
        lock (_lock)
        {
            _newest.Enqueue((address, content));
            if (_newest.Count > Capacity)
                _newest.Dequeue();
            return $"instant-{++_count}";
        }
    }
}
