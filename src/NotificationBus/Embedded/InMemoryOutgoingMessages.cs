using NotificationBus.Outgoing;
using NotificationBus.Saga.Persistence;

namespace NotificationBus.Embedded;

/// <summary>Outgoing messages in memory, lost when the process ends.</summary>
public sealed class InMemoryOutgoingMessages(TimeProvider clock) : IOutgoingMessages
{
    readonly Lock _lock = new();
    readonly Dictionary<Guid, Pending> _pending = [];
    TaskCompletionSource _scheduled = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <inheritdoc />
    public Task<IReadOnlyList<OutgoingMessage>> Unpublished(Guid notificationId, Guid inputId, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return Task.FromResult<IReadOnlyList<OutgoingMessage>>([.. _pending.Values
                .Where(pending => pending.NotificationId == notificationId && pending.InputId == inputId)
                .Select(pending => pending.Message)]);
        }
    }

    /// <inheritdoc />
    public Task Schedule(IReadOnlyList<OutgoingMessage> messages, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            foreach (var message in messages)
                _pending.TryAdd(message.MessageId, new Pending(message, message.DueAt ?? clock.GetUtcNow(), NotificationId: null, InputId: null));

            _scheduled.TrySetResult();
            _scheduled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public Task Cancel(Guid messageId, CancellationToken cancellationToken)
    {
        lock (_lock)
            _pending.Remove(messageId);

        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public Task<int> Release(string waitsFor, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            var waiting = _pending.Values.Where(pending => pending.Message.WaitsFor == waitsFor).ToList();
            foreach (var pending in waiting)
                _pending[pending.Message.MessageId] = pending with { DueAt = clock.GetUtcNow() };

            _scheduled.TrySetResult();
            _scheduled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return Task.FromResult(waiting.Count);
        }
    }

    /// <inheritdoc />
    public Task<IReadOnlyList<OutgoingMessage>> TakeDue(TimeSpan lease, int limit, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            var now = clock.GetUtcNow();
            var due = _pending.Values.Where(pending => pending.DueAt <= now).OrderBy(pending => pending.DueAt).Take(limit).ToList();
            foreach (var pending in due)
                _pending[pending.Message.MessageId] = pending with { DueAt = now + lease };

            return Task.FromResult<IReadOnlyList<OutgoingMessage>>([.. due.Select(pending => pending.Message)]);
        }
    }

    /// <inheritdoc />
    public async Task WaitForDue(TimeSpan atMost, CancellationToken cancellationToken)
    {
        Task scheduled;
        TimeSpan wait;
        lock (_lock)
        {
            scheduled = _scheduled.Task;
            wait = _pending.Count == 0 ? atMost : _pending.Values.Min(pending => pending.DueAt) - clock.GetUtcNow();
        }

        if (wait <= TimeSpan.Zero)
            return;

        await ((Task)scheduled.WaitAsync(wait < atMost ? wait : atMost, clock, cancellationToken)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <inheritdoc />
    public ValueTask Published(IReadOnlyCollection<Guid> messageIds)
    {
        lock (_lock)
        {
            foreach (var id in messageIds)
                _pending.Remove(id);
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>Keeps what a step causes until it is confirmed.</summary>
    internal void Keep(NotificationStep step)
    {
        lock (_lock)
        {
            foreach (var message in step.Outgoing)
                _pending.TryAdd(message.MessageId, new Pending(message, message.DueAt ?? clock.GetUtcNow() + NotificationStep.PublishGrace, step.Notification.CorrelationId, step.InputId));
        }
    }

    sealed record Pending(OutgoingMessage Message, DateTimeOffset DueAt, Guid? NotificationId, Guid? InputId);
}
