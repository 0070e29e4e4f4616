using System.Diagnostics.Metrics;

namespace NotificationBus.Telemetry;

/// <summary>
/// The gauges of the flow, beside what <see cref="FlowMetrics"/> counts: what waits, for how long, and how much of each gate is taken.
/// </summary>
/// <remarks>
/// Whoever asks for them costs no server anything: what the record and the broker say is read now and then by those who look at them
/// anyway.
/// </remarks>
public sealed class FlowGauges
{
    // What was read before that may be wrong by now. A gauge that is not there says so, one that stands still does not.
    static readonly TimeSpan LongestKept = TimeSpan.FromMinutes(5);

    readonly TimeProvider _clock;
    Func<RecordReading?> _record = () => null;
    Func<IEnumerable<QueueReading>> _queues = () => [];
    IReadOnlyList<IGate> _gates = [];

    /// <summary>Makes the instruments.</summary>
    /// <param name="meters">The host's own.</param>
    /// <param name="clock">The clock of the record.</param>
    public FlowGauges(IMeterFactory meters, TimeProvider clock)
    {
        _clock = clock;
        var meter = meters.Create(FlowMetrics.Name);
        ShowRecord(meter);
        ShowWaiting(meter);
        ShowQueues(meter);
        meter.CreateObservableGauge(
            "notificationbus.gate.used",
            () => _gates.SelectMany(gate => gate.Uses).Select(use => Of(use.Used, use)),
            "{permit}",
            "Permits of a gate that are taken"
        );
        meter.CreateObservableGauge(
            "notificationbus.gate.limit",
            () => _gates.SelectMany(gate => gate.Uses).Where(use => use.Limit is not null).Select(use => Of(use.Limit!.Value, use)),
            "{permit}",
            "Permits that a gate has"
        );
    }

    /// <summary>Shows what was read of the record.</summary>
    public void WatchRecord(Func<RecordReading?> record) => _record = record;

    /// <summary>Shows what was seen of the broker's queues.</summary>
    public void WatchQueues(Func<IEnumerable<QueueReading>> queues) => _queues = queues;

    /// <summary>Shows how much of these gates is taken.</summary>
    public void WatchGates(IReadOnlyList<IGate> gates) => _gates = gates;

    void ShowRecord(Meter meter)
    {
        meter.CreateObservableGauge(
            "notificationbus.ledger.unreconciled",
            () => Record<long>(record => [new Measurement<long>(record.Unreconciled)]),
            "{notification}",
            "Notifications that were accepted and are not on record"
        );
        meter.CreateObservableGauge(
            "notificationbus.record.reading.age",
            () => _record() is { } record ? [new Measurement<double>(AgeOf(record.TakenAt))] : (Measurement<double>[])[],
            "s",
            "Time since the record was read for the gauges"
        );
        meter.CreateObservableGauge(
            "notificationbus.notifications.held",
            () => Record<long>(record => [new Measurement<long>(record.Held)]),
            "{notification}",
            "Notifications that wait for an operator's decision"
        );
        meter.CreateObservableGauge(
            "notificationbus.failed_messages.waiting",
            () =>
                Record<long>(record =>
                    record.FailedMessages.Select(failed => new Measurement<long>(failed.Count, Label("kind", failed.Kind)))
                ),
            "{message}",
            "Failed messages that wait for a decision"
        );
        meter.CreateObservableGauge(
            "notificationbus.failed_messages.age",
            () =>
                Record<double>(record =>
                    record.FailedMessages.Select(failed => new Measurement<double>(AgeOf(failed.Since), Label("kind", failed.Kind)))
                ),
            "s",
            "Age of the oldest failed message that waits for a decision"
        );
        meter.CreateObservableGauge(
            "notificationbus.outgoing.due",
            () => Record<long>(record => [new Measurement<long>(record.Due)]),
            "{message}",
            "Scheduled messages that are due and not published yet"
        );
        meter.CreateObservableGauge(
            "notificationbus.outgoing.age",
            () => Record<double>(record => [new Measurement<double>(record.DueSince is { } since ? AgeOf(since) : 0)]),
            "s",
            "Time since the first of them was due"
        );
    }

    void ShowWaiting(Meter meter)
    {
        meter.CreateObservableGauge(
            "notificationbus.notifications.age",
            () =>
                Record<double>(record =>
                    WaitingReason.All.Select(reason => new Measurement<double>(AgeOf(record, reason), Label("waiting_for", reason)))
                ),
            "s",
            "Age of the oldest unfinished notification"
        );
        meter.CreateObservableGauge(
            "notificationbus.deliveries.waiting",
            () => Record<long>(record => record.Deliveries.Select(waiting => Of(waiting.Count, waiting))),
            "{delivery}",
            "Deliveries that were put off"
        );
        meter.CreateObservableGauge(
            "notificationbus.deliveries.age",
            () => Record<double>(record => record.Deliveries.Select(waiting => Of(AgeOf(waiting.Since), waiting))),
            "s",
            "Age of the oldest delivery that was put off"
        );
    }

    void ShowQueues(Meter meter)
    {
        meter.CreateObservableGauge(
            "notificationbus.queue.depth",
            () => _queues().Select(queue => new Measurement<long>(queue.Messages, Label("queue", queue.Queue))),
            "{message}",
            "Messages that wait in a queue"
        );
        meter.CreateObservableGauge(
            "notificationbus.queue.consumers",
            () => _queues().Select(queue => new Measurement<long>(queue.Consumers, Label("queue", queue.Queue))),
            "{consumer}",
            "Consumers of a queue"
        );
        meter.CreateObservableGauge(
            "notificationbus.queue.age",
            () => _queues().Select(queue => new Measurement<double>(queue.Age.TotalSeconds, Label("queue", queue.Queue))),
            "s",
            "Time since a queue was last seen empty"
        );
    }

    IEnumerable<Measurement<T>> Record<T>(Func<RecordReading, IEnumerable<Measurement<T>>> show)
        where T : struct => _record() is { } record && _clock.GetUtcNow() - record.TakenAt < LongestKept ? show(record) : [];

    double AgeOf(RecordReading record, string reason) =>
        record.Notifications.FirstOrDefault(oldest => oldest.WaitingFor == reason) is { } waiting ? AgeOf(waiting.Since) : 0;

    double AgeOf(DateTimeOffset since) => Math.Max(0, (_clock.GetUtcNow() - since).TotalSeconds);

    static Measurement<long> Of(long value, GateUse use) => new(value, [Label("gate", use.Gate), .. use.Labels]);

    static Measurement<T> Of<T>(T value, WaitingDeliveries waiting)
        where T : struct => new(value, Label("channel", waiting.Channel), Label("waiting_for", waiting.WaitingFor));

    static KeyValuePair<string, object?> Label(string name, string value) => new(name, value);
}

/// <summary>A queue of the broker, as it was last seen.</summary>
/// <param name="Queue">The queue.</param>
/// <param name="Messages">How many messages wait in it; those at work are not counted.</param>
/// <param name="Consumers">How many consumers it has, of all hosts.</param>
/// <param name="Age">The time since it was last seen empty; zero when it is.</param>
public readonly record struct QueueReading(string Queue, long Messages, long Consumers, TimeSpan Age);
