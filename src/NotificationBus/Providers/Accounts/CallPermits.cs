using NotificationBus.Contracts;

namespace NotificationBus.Providers.Accounts;

/// <summary>
/// The permits to call an account, as many as it is found to take (<see cref="AdaptiveLimit"/>), and the lines of those who wait for one:
/// the bulk lane waits behind the other, and gets every <see cref="BulkShare"/>th.
/// </summary>
sealed class CallPermits(AdaptiveLimit limit)
{
    const int BulkShare = 8;

    readonly Lock _lock = new();
    readonly LinkedList<TaskCompletionSource> _waiting = new();
    readonly LinkedList<TaskCompletionSource> _waitingInBulk = new();
    int _taken;
    int _granted;

    /// <summary>The permits that are taken.</summary>
    public int Taken => Volatile.Read(ref _taken);

    /// <summary>The calls that wait for a permit.</summary>
    public int Waiting
    {
        get
        {
            lock (_lock)
                return _waiting.Count + _waitingInBulk.Count;
        }
    }

    /// <summary>How many there are now.</summary>
    public int Limit => limit.Current;

    /// <summary>Takes a permit, as soon as there is one.</summary>
    /// <param name="lane">Whose line to wait in.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task Take(Lane lane, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var line = lane == Lane.Bulk ? _waitingInBulk : _waiting;
        LinkedListNode<TaskCompletionSource> mine;
        lock (_lock)
        {
            if (_taken < limit.Current && _waiting.Count == 0 && line.Count == 0)
            {
                _taken++;
                return Task.CompletedTask;
            }

            mine = line.AddLast(new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        return WaitIn(line, mine, cancellationToken);
    }

    /// <summary>Gives a permit back.</summary>
    public void GiveBack()
    {
        lock (_lock)
        {
            _taken--;
            Grant();
        }
    }

    /// <summary>Learns from a call that has ended, and lets others call when more may.</summary>
    public void Ended(TimeSpan took, ProviderResult result)
    {
        limit.Ended(took, result, othersWait: Waiting > 0);
        lock (_lock)
            Grant();
    }

    async Task WaitIn(LinkedList<TaskCompletionSource> line, LinkedListNode<TaskCompletionSource> mine, CancellationToken cancellationToken)
    {
        await using var giveUp = cancellationToken.UnsafeRegister(
            _ =>
            {
                lock (_lock)
                {
                    // One that was granted meanwhile is used, or given back by whoever has it.
                    if (mine.List is null)
                        return;
                    line.Remove(mine);
                }

                mine.Value.SetCanceled(cancellationToken);
            },
            state: null
        );
        await mine.Value.Task;
    }

    void Grant()
    {
        while (_taken < limit.Current && Next() is { } next)
        {
            _taken++;
            next.SetResult();
        }
    }

    TaskCompletionSource? Next()
    {
        var line = _waiting.Count == 0 || (_waitingInBulk.Count > 0 && _granted % BulkShare == 0) ? _waitingInBulk : _waiting;
        if (line.First is not { } first)
            return null;

        line.RemoveFirst();
        _granted++;
        return first.Value;
    }
}
