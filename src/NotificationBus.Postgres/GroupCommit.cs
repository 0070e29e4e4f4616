using Npgsql;

namespace NotificationBus.Postgres;

/// <summary>
/// Gathers the calls of concurrent messages into one statement. Nobody waits for company: the first call goes at once, and those
/// that arrive while the database is busy share the next statement. So a batch grows with the load and is one row at rest.
/// </summary>
/// <typeparam name="TRow">One call.</typeparam>
/// <typeparam name="TResult">Its answer.</typeparam>
sealed class GroupCommit<TRow, TResult>
{
    // Longer statements are no cheaper per row, and delay the first of them.
    const int MostRows = 128;

    // While one statement is being committed the next can already be filled and sent.
    const int Statements = 2;

    readonly Func<TRow, Guid> _key;
    readonly Func<IReadOnlyList<TRow>, Task<Func<TRow, TResult>>> _execute;
    readonly Lock _lock = new();
    readonly LinkedList<Call> _waiting = new();
    readonly HashSet<Guid> _inFlight = [];
    int _statements;

    /// <summary>Gathers calls.</summary>
    /// <param name="key">The row a call touches. Two calls on one row never share a statement, and the later one waits for the earlier.</param>
    /// <param name="execute">Runs one statement for many rows and gives the answer of each.</param>
    public GroupCommit(Func<TRow, Guid> key, Func<IReadOnlyList<TRow>, Task<Func<TRow, TResult>>> execute)
    {
        _key = key;
        _execute = execute;
    }

    /// <summary>Runs one call together with those that are waiting.</summary>
    /// <param name="row">The call.</param>
    /// <param name="cancellationToken">Stops waiting. A statement that was sent is not taken back.</param>
    public Task<TResult> Run(TRow row, CancellationToken cancellationToken)
    {
        var call = new Call(row, _key(row));
        lock (_lock)
        {
            _waiting.AddLast(call);
            if (_statements < Statements)
            {
                _statements++;
                _ = Task.Run(Drain, CancellationToken.None);
            }
        }

        return call.Answer.Task.WaitAsync(cancellationToken);
    }

    async Task Drain()
    {
        while (Take() is { } calls)
        {
            await Execute(calls);
            lock (_lock)
            {
                foreach (var call in calls)
                    _inFlight.Remove(call.Key);
            }
        }
    }

    /// <summary>The calls of the next statement, oldest first; null when there is nothing to do, and then this loop is over.</summary>
    List<Call>? Take()
    {
        lock (_lock)
        {
            var calls = new List<Call>();
            for (var node = _waiting.First; node is not null && calls.Count < MostRows;)
            {
                var next = node.Next;
                if (_inFlight.Add(node.Value.Key))
                {
                    calls.Add(node.Value);
                    _waiting.Remove(node);
                }

                node = next;
            }

            if (calls.Count > 0)
            {
                // Two hosts that lock their rows in the same order cannot wait for each other.
                calls.Sort((one, other) => one.Key.CompareTo(other.Key));
                return calls;
            }

            _statements--;
            return null;
        }
    }

    async Task Execute(List<Call> calls)
    {
        try
        {
            var answer = await _execute([.. calls.Select(call => call.Row)]);
            foreach (var call in calls)
                call.Answer.TrySetResult(answer(call.Row));
        }
        catch (Exception exception) when (calls.Count > 1 && exception is not NpgsqlException { IsTransient: true })
        {
            // One of the rows is bad, and nobody says which. Each for itself, so that it fails alone.
            foreach (var call in calls)
                await Execute([call]);
        }
        catch (Exception exception)
        {
            foreach (var call in calls)
                call.Answer.TrySetException(exception);
        }
    }

    sealed record Call(TRow Row, Guid Key)
    {
        public TaskCompletionSource<TResult> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
