using NotificationBus.Messaging;
using NotificationBus.Notifications;
using NotificationBus.Outgoing;

namespace NotificationBus.Embedded;

/// <summary>Outgoing messages in memory, lost when the process ends.</summary>
public sealed class InMemoryOutgoingMessages(TimeProvider clock) : IOutgoingMessages
{
    readonly Lock _lock = new();
    readonly Dictionary<Guid, Pending> _pending = [];
    long _numbers;
    TaskCompletionSource _scheduled = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <inheritdoc />
    public Task<IReadOnlyList<WaitingDelivery>> WaitingOf(Guid notificationId, CancellationToken cancellationToken) =>
        Task.FromResult(WaitingOf(notificationId));

    /// <inheritdoc />
    public Task Schedule(IReadOnlyList<OutgoingMessage> messages, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            foreach (var message in messages)
                _pending.TryAdd(
                    message.Token,
                    new Pending(message, message.DueAt ?? clock.GetUtcNow(), message.NotificationId, ++_numbers)
                );

            Wake();
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public Task Reschedule(OutgoingMessage message, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            Replace(message, message.NotificationId);
            Wake();
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public Task Cancel(Guid token, CancellationToken cancellationToken)
    {
        lock (_lock)
            _pending.Remove(token);

        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public Task<int> Release(string waitsFor, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            var waiting = _pending.Values.Where(pending => pending.Message.WaitsFor == waitsFor).ToList();
            var spread = Releases.SpreadOf(waiting.Count);
            foreach (var (pending, place) in waiting.Select((pending, place) => (pending, place)))
            {
                var due = clock.GetUtcNow() + (spread * place / waiting.Count);
                var latest = pending.Message.AtTheLatest > pending.DueAt ? pending.Message.AtTheLatest.Value : pending.DueAt;
                _pending[pending.Message.Token] = pending with
                {
                    DueAt = due < latest ? due : latest,
                    Message = pending.Message with { WaitsFor = null },
                };
            }

            Wake();
            return Task.FromResult(waiting.Count);
        }
    }

    /// <inheritdoc />
    public Task<IReadOnlyList<OutgoingMessage>> TakeDue(TimeSpan lease, int limit, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            var now = clock.GetUtcNow();
            var due = _pending
                .Values.Where(pending => pending.DueAt <= now)
                .OrderBy(pending => (pending.DueAt, pending.Number))
                .Take(limit)
                .ToList();
            foreach (var pending in due)
                _pending[pending.Message.Token] = pending with { DueAt = now + lease, Message = pending.Message with { WaitsFor = null } };

            return Task.FromResult<IReadOnlyList<OutgoingMessage>>([
                .. due.Select(pending => pending.Message with { DueAt = pending.DueAt }),
            ]);
        }
    }

    /// <inheritdoc />
    public async Task WaitForDue(TimeSpan atMost, CancellationToken cancellationToken)
    {
        Task scheduled;
        DateTimeOffset? next;
        lock (_lock)
        {
            scheduled = _scheduled.Task;
            next = _pending.Count == 0 ? null : _pending.Values.Min(pending => pending.DueAt);
        }

        var wait = next - clock.GetUtcNow() is { } left && left < atMost ? left : atMost;
        if (wait <= TimeSpan.Zero)
            return;

        Task waiting = scheduled.WaitAsync(wait, clock, cancellationToken);
        // Looked at again now that the alarm is set: a clock that was moved in between would never ring.
        if (next > clock.GetUtcNow() || next is null)
            await waiting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <inheritdoc />
    public ValueTask Published(IReadOnlyCollection<OutgoingMessage> messages)
    {
        lock (_lock)
        {
            foreach (var message in messages)
            {
                if (_pending.TryGetValue(message.Token, out var pending) && pending.Message.Revision == message.Revision)
                    _pending.Remove(message.Token);
            }
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>The deliveries of the notification whose commands were put off.</summary>
    internal IReadOnlyList<WaitingDelivery> WaitingOf(Guid notificationId)
    {
        lock (_lock)
        {
            return
            [
                .. _pending
                    .Values.Where(pending => pending.NotificationId == notificationId && IsCommand(pending))
                    .Select(pending => WaitingDelivery.Read(pending.Message.Body, pending.DueAt))
                    .OfType<WaitingDelivery>(),
            ];
        }
    }

    /// <summary>Forgets the commands of a notification that are not published yet.</summary>
    internal void ForgetCommandsOf(Guid notificationId)
    {
        lock (_lock)
        {
            foreach (var pending in _pending.Values.Where(one => one.NotificationId == notificationId && IsCommand(one)).ToList())
                _pending.Remove(pending.Message.Token);
        }
    }

    /// <summary>True when a command of the notification waits to be published.</summary>
    internal bool HoldsOrderOf(Guid notificationId)
    {
        lock (_lock)
            return _pending.Values.Any(pending => pending.NotificationId == notificationId && IsCommand(pending));
    }

    static bool IsCommand(Pending pending) =>
        pending.Message.Destination.StartsWith($"exchange:{ChannelEndpoint.Prefix}", StringComparison.Ordinal);

    /// <summary>What is kept of notifications, and how much of all there is due.</summary>
    internal (IReadOnlyList<OutgoingMessage> OfNotifications, IReadOnlyList<DateTimeOffset> Due) Waiting()
    {
        lock (_lock)
        {
            var now = clock.GetUtcNow();
            return (
                [.. _pending.Values.Where(pending => pending.NotificationId is not null).Select(pending => pending.Message)],
                [.. _pending.Values.Where(pending => pending.DueAt <= now).Select(pending => pending.DueAt)]
            );
        }
    }

    /// <summary>Divides the time until the messages that wait for it.</summary>
    internal void Respace(string waitsFor, double factor)
    {
        lock (_lock)
        {
            var now = clock.GetUtcNow();
            foreach (var pending in _pending.Values.Where(pending => pending.Message.WaitsFor == waitsFor && pending.DueAt > now).ToList())
                _pending[pending.Message.Token] = pending with { DueAt = now + (pending.DueAt - now) / factor };

            Wake();
        }
    }

    /// <summary>Keeps what a step schedules, and forgets what it cancels.</summary>
    internal void Keep(NotificationStep step)
    {
        lock (_lock)
        {
            var notificationId = step.Notification.CorrelationId;
            foreach (var token in step.Cancelled)
                _pending.Remove(token);

            if (step.CallsOff)
            {
                foreach (var pending in _pending.Values.Where(pending => pending.NotificationId == notificationId).ToList())
                    _pending.Remove(pending.Message.Token);
            }

            foreach (var message in step.Scheduled)
                Replace(message with { OccurredAt = step.Notification.CreatedAt }, notificationId);

            if (step.Scheduled.Count > 0)
                Wake();
        }
    }

    void Replace(OutgoingMessage message, Guid? notificationId)
    {
        var revision = _pending.TryGetValue(message.Token, out var earlier) ? earlier.Message.Revision + 1 : 0;
        _pending[message.Token] = new Pending(
            message with
            {
                Revision = revision,
            },
            message.DueAt ?? clock.GetUtcNow(),
            notificationId,
            ++_numbers
        );
    }

    void Wake()
    {
        _scheduled.TrySetResult();
        _scheduled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    // The number tells the order of what is due at the same moment.
    sealed record Pending(OutgoingMessage Message, DateTimeOffset DueAt, Guid? NotificationId, long Number);
}
