namespace NotificationBus.IntegrationTests.Servers;

/// <summary>The last lines a process wrote, and a way to wait for one.</summary>
sealed class OutputTail
{
    const int Capacity = 2_000;

    readonly Lock _lock = new();
    readonly Queue<string> _lines = new();
    readonly List<(Func<string, bool> Wanted, TaskCompletionSource<string> Found)> _waiting = [];

    public void Add(string line)
    {
        lock (_lock)
        {
            _lines.Enqueue(line);
            if (_lines.Count > Capacity)
                _lines.Dequeue();

            _waiting.RemoveAll(waiter => waiter.Wanted(line) && waiter.Found.TrySetResult(line));
        }
    }

    /// <summary>Completes with the first line wanted, at once when it is there already.</summary>
    public Task<string> Line(Func<string, bool> wanted)
    {
        lock (_lock)
        {
            if (_lines.FirstOrDefault(wanted) is { } line)
                return Task.FromResult(line);

            var found = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((wanted, found));
            return found.Task;
        }
    }

    public IReadOnlyList<string> Lines()
    {
        lock (_lock)
            return [.. _lines];
    }

    public override string ToString() => string.Join('\n', Lines().TakeLast(40));
}
