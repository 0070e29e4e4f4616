using System.Collections.Concurrent;
using NotificationBus.Embedded;
using NotificationBus.Model;
using NotificationBus.Notifications;
using NotificationBus.Outgoing;

namespace NotificationBus.Tests.TestKit;

/// <summary>The store in memory, with places where a test can have it fail, or have somebody else come first.</summary>
sealed class WatchedStore(InMemoryNotificationStore store, Pulse pulse) : INotificationStore
{
    readonly ConcurrentQueue<Guid> _loaded = new();
    readonly ConcurrentDictionary<Guid, Guid> _written = new();
    int _writes;

    /// <summary>
    /// Called before a step is written, with the number of tries so far, which begins at 1. What it throws, the write throws, and nothing
    /// is stored.
    /// </summary>
    public Func<NotificationStep, int, Task>? BeforeWrite { get; set; }

    /// <summary>Called when a step is stored. What it throws looks like the end of the process: stored, and nothing published.</summary>
    public Action<NotificationStep>? AfterWrite { get; set; }

    /// <summary>Called before it says that what was read would survive. What it throws, the store throws.</summary>
    public Action? BeforeConfirm { get; set; }

    /// <summary>Which notifications were read, in order.</summary>
    public IReadOnlyCollection<Guid> Loaded => _loaded;

    /// <summary>Which notifications were stored.</summary>
    public IEnumerable<Guid> Written => _written.Keys;

    /// <summary>How often a step was to be written, in vain or not.</summary>
    public int Writes => _writes;

    public Task<NotificationState?> Load(Guid notificationId, CancellationToken cancellationToken)
    {
        _loaded.Enqueue(notificationId);
        return store.Load(notificationId, cancellationToken);
    }

    public Task<bool> Insert(NotificationStep step, CancellationToken cancellationToken) =>
        Write(step, () => store.Insert(step, cancellationToken));

    public Task<bool> Update(NotificationStep step, CancellationToken cancellationToken) =>
        Write(step, () => store.Update(step, cancellationToken));

    public async Task Confirm(CancellationToken cancellationToken)
    {
        BeforeConfirm?.Invoke();
        await store.Confirm(cancellationToken);
    }

    async Task<bool> Write(NotificationStep step, Func<Task<bool>> write)
    {
        var number = Interlocked.Increment(ref _writes);
        if (BeforeWrite is not null)
            await BeforeWrite(step, number);

        var stored = await write();
        _written.TryAdd(step.Notification.CorrelationId, step.Notification.CorrelationId);
        pulse.Beat();
        if (stored)
            AfterWrite?.Invoke(step);

        return stored;
    }
}

/// <summary>The outgoing messages in memory, with a place where a test can see and hurt the dispatch.</summary>
sealed class WatchedOutgoing(InMemoryOutgoingMessages outgoing, Pulse pulse) : IOutgoingMessages
{
    readonly Lock _lock = new();
    int _scheduled;
    int _taken;
    int _published;

    /// <summary>How many messages were scheduled so far.</summary>
    public int Scheduled => _scheduled;

    /// <summary>When the last message that was scheduled is due.</summary>
    public DateTimeOffset? LastDue { get; private set; }

    /// <summary>How many messages were taken because they were due.</summary>
    public int Taken => _taken;

    /// <summary>True while one that was taken is not published yet, and would be taken again later.</summary>
    public bool IsPublishing => _taken > _published;

    /// <summary>Called before messages that are due are taken.</summary>
    public Action? BeforeDispatch { get; set; }

    public Task<IReadOnlyList<WaitingDelivery>> WaitingOf(Guid notificationId, CancellationToken cancellationToken) =>
        outgoing.WaitingOf(notificationId, cancellationToken);

    public async Task Schedule(IReadOnlyList<OutgoingMessage> messages, CancellationToken cancellationToken)
    {
        await outgoing.Schedule(messages, cancellationToken);
        LastDue = messages.Count > 0 ? messages[^1].DueAt : LastDue;
        Interlocked.Add(ref _scheduled, messages.Count);
        pulse.Beat();
    }

    public async Task Reschedule(OutgoingMessage message, CancellationToken cancellationToken)
    {
        await outgoing.Reschedule(message, cancellationToken);
        Interlocked.Increment(ref _scheduled);
        pulse.Beat();
    }

    public Task Cancel(Guid token, CancellationToken cancellationToken) => outgoing.Cancel(token, cancellationToken);

    public Task<int> Release(string waitsFor, CancellationToken cancellationToken) => outgoing.Release(waitsFor, cancellationToken);

    public Task<IReadOnlyList<OutgoingMessage>> TakeDue(TimeSpan lease, int limit, CancellationToken cancellationToken)
    {
        BeforeDispatch?.Invoke();
        lock (_lock)
        {
            // In memory it is done when it returns.
            var due = outgoing.TakeDue(lease, limit, cancellationToken);
            _taken += due.GetAwaiter().GetResult().Count;
            return due;
        }
    }

    public Task WaitForDue(TimeSpan atMost, CancellationToken cancellationToken) => outgoing.WaitForDue(atMost, cancellationToken);

    public async ValueTask Published(IReadOnlyCollection<OutgoingMessage> messages)
    {
        await outgoing.Published(messages);
        Interlocked.Add(ref _published, messages.Count);
        pulse.Beat();
    }
}

/// <summary>The process ends here, and whatever it was about to do is not done.</summary>
sealed class ProcessDiedException : Exception;

/// <summary>The database is away for a moment.</summary>
sealed class OutageException : System.Data.Common.DbException
{
    public override bool IsTransient => true;
}
