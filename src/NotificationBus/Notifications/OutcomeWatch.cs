using System.Collections.Concurrent;

namespace NotificationBus.Notifications;

/// <summary>
/// Waits for the outcome of notifications. One query asks for all that are waited for, whoever works on them, and nothing is
/// asked while nobody waits: the notifications themselves pay nothing for it.
/// </summary>
public sealed class OutcomeWatch(INotificationQueries queries, TimeProvider clock)
{
    static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(25);

    readonly ConcurrentDictionary<Guid, Waiting> _waiting = new();
    readonly Lock _lock = new();
    bool _running;

    /// <summary>Waits until the notification has an outcome.</summary>
    /// <returns>False when the time passed first.</returns>
    public async Task<bool> Outcome(Guid notificationId, TimeSpan atMost, CancellationToken cancellationToken)
    {
        var waiting = _waiting.AddOrUpdate(notificationId, _ => new Waiting(1), (_, waiting) => waiting with { Count = waiting.Count + 1 });
        EnsureRunning();
        try
        {
            await waiting.Concluded.Task.WaitAsync(atMost, clock, cancellationToken);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
        finally
        {
            Leave(notificationId);
        }
    }

    void Leave(Guid notificationId)
    {
        while (_waiting.TryGetValue(notificationId, out var waiting))
        {
            var left =
                waiting.Count == 1
                    ? _waiting.TryRemove(KeyValuePair.Create(notificationId, waiting))
                    : _waiting.TryUpdate(notificationId, waiting with { Count = waiting.Count - 1 }, waiting);
            if (left)
                return;
        }
    }

    void EnsureRunning()
    {
        lock (_lock)
        {
            if (_running)
                return;

            _running = true;
            _ = Task.Run(Ask);
        }
    }

    async Task Ask()
    {
        while (true)
        {
            lock (_lock)
            {
                if (_waiting.IsEmpty)
                {
                    _running = false;
                    return;
                }
            }

            try
            {
                foreach (var id in await queries.Concluded([.. _waiting.Keys], CancellationToken.None))
                {
                    if (_waiting.TryGetValue(id, out var waiting))
                        waiting.Concluded.TrySetResult();
                }
            }
            catch (Exception exception)
            {
                // Whoever waits is told now, rather than after the time they were ready to wait.
                foreach (var waiting in _waiting.Values)
                    waiting.Concluded.TrySetException(exception);
            }

            await Task.Delay(Interval, clock);
        }
    }

    sealed record Waiting(int Count)
    {
        public TaskCompletionSource Concluded { get; init; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
