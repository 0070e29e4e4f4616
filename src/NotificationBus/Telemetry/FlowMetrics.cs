using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace NotificationBus.Telemetry;

/// <summary>
/// The instruments of the flow: one meter for each host, by its own factory, so that two hosts in one process do not count for each other.
/// What each of them says, and its labels, stand in <c>docs/operating.md</c>.
/// </summary>
/// <remarks>
/// Labels are names out of settings and code: category, channel, account, outcome. Never an address, a recipient, an id or a key.
/// </remarks>
public sealed class FlowMetrics
{
    /// <summary>The name of the meter, and of the source of spans (<see cref="FlowTracing"/>).</summary>
    public const string Name = "NotificationBus";

    /// <summary>The way of an event that came over HTTP.</summary>
    public const string ByHttp = "http";

    /// <summary>The same of those that were published by SQL.</summary>
    public const string BySql = "sql";

    /// <summary>The way of an event that its service published.</summary>
    public const string ByBus = "bus";

    // Seconds. A call ends after two minutes at the latest.
    static readonly InstrumentAdvice<double> Calls = new()
    {
        HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60, 120],
    };

    // Seconds. A notification may wait for a provider that is away, for as long as it is of use.
    static readonly InstrumentAdvice<double> Lives = new()
    {
        HistogramBucketBoundaries = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600, 21_600, 86_400, 604_800],
    };

    // Items. Most batches are no larger than Batcher.UsualMostItems.
    static readonly InstrumentAdvice<int> Batches = new() { HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128] };

    readonly Counter<long> _accepted;
    readonly Counter<long> _ended;
    readonly Histogram<double> _duration;
    readonly Counter<long> _settled;
    readonly Counter<long> _escalations;
    readonly Histogram<double> _calls;
    readonly Counter<long> _circuitChanges;
    readonly Counter<long> _redelivered;
    readonly Histogram<double> _fetches;
    readonly Counter<long> _fallbacks;
    readonly Counter<long> _guarded;
    readonly Counter<long> _failedMessages;
    readonly Histogram<int> _batches;
    Func<IEnumerable<Measurement<int>>> _circuits = () => [];
    Func<IEnumerable<Measurement<int>>> _channels = () => [];
    Func<IEnumerable<Measurement<double>>> _problems = () => [];

    /// <summary>Makes the instruments.</summary>
    /// <param name="meters">The host's own.</param>
    public FlowMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(Name);
        _accepted = meter.CreateCounter<long>(
            "notificationbus.notifications.accepted",
            "{notification}",
            "Notifications that were taken into the record"
        );
        _ended = meter.CreateCounter<long>("notificationbus.notifications.ended", "{notification}", "Notifications that have ended");
        _duration = meter.CreateHistogram(
            "notificationbus.notification.duration",
            "s",
            "Time from the acceptance of a notification to its end",
            advice: Lives
        );
        _settled = meter.CreateCounter<long>("notificationbus.deliveries.settled", "{delivery}", "Deliveries that have come to a status");
        _escalations = meter.CreateCounter<long>(
            "notificationbus.escalations",
            "{escalation}",
            "Steps that began because the time of the one before was up"
        );
        _calls = meter.CreateHistogram(
            "notificationbus.provider.request.duration",
            "s",
            "Time that a provider took to answer a call",
            advice: Calls
        );
        _circuitChanges = meter.CreateCounter<long>(
            "notificationbus.provider.circuit.changes",
            "{change}",
            "Changes of a circuit, as this host sees it"
        );
        _fetches = meter.CreateHistogram(
            "notificationbus.attachment.fetch.duration",
            "s",
            "Time that fetching a file for an e-mail took",
            advice: Calls
        );
        _redelivered = meter.CreateCounter<long>("notificationbus.deliveries.redelivered", "{delivery}", "Commands that were put off");
        _fallbacks = meter.CreateCounter<long>(
            "notificationbus.deliveries.fallbacks",
            "{call}",
            "Calls to another account because one before could not take the delivery"
        );
        _guarded = meter.CreateCounter<long>(
            "notificationbus.deliveries.guarded",
            "{delivery}",
            "Deliveries that the guard of their channel refused, or watched"
        );
        _failedMessages = meter.CreateCounter<long>("notificationbus.failed_messages", "{message}", "Messages that were set aside");
        _batches = meter.CreateHistogram(
            "notificationbus.batch.size",
            "{item}",
            "Items that shared a round trip or a message",
            advice: Batches
        );
        meter.CreateObservableGauge(
            "notificationbus.provider.circuit.state",
            () => _circuits(),
            unit: null,
            "State of a circuit, as this host sees it: 0 closed, 1 open, 2 probing"
        );
        meter.CreateObservableGauge(
            "notificationbus.channel.accounts",
            () => _channels(),
            "{account}",
            "Accounts of a channel that may be called now, as this host sees it"
        );
        meter.CreateObservableGauge(
            "notificationbus.problem.age",
            () => _problems(),
            "s",
            "Time since a problem began that this host still sees"
        );
    }

    /// <summary>False while nobody listens to what a step of the saga has changed.</summary>
    public bool CountsSteps => _accepted.Enabled || _ended.Enabled || _duration.Enabled || _settled.Enabled || _escalations.Enabled;

    /// <summary>
    /// Shows a category before anything of it has come: a counter that is not there cannot stand still, and whoever looks at it for the
    /// first time takes what it says for where it began.
    /// </summary>
    /// <param name="category">The category.</param>
    /// <param name="outcomes">The outcomes that its notifications may have.</param>
    public void Expect(string category, IEnumerable<string> outcomes)
    {
        foreach (var by in (string[])[ByBus, ByHttp])
            _accepted.Add(0, new("category", category), new("by", by));
        foreach (var outcome in outcomes)
            _ended.Add(0, new("category", category), new("outcome", outcome));
    }

    /// <summary>A notification is in the record.</summary>
    /// <param name="category">Its category.</param>
    /// <param name="by">The way its event came: <see cref="ByHttp"/>, <see cref="BySql"/> or <see cref="ByBus"/>.</param>
    public void Accepted(string category, string by) => _accepted.Add(1, new("category", category), new("by", by));

    /// <summary>A notification has ended.</summary>
    /// <param name="category">Its category.</param>
    /// <param name="outcome">Its outcome.</param>
    /// <param name="reason">Why nobody was reached, or not on every channel, in one word; null when all is well.</param>
    /// <param name="took">The time from its acceptance.</param>
    public void Ended(string category, string outcome, string? reason, TimeSpan took)
    {
        KeyValuePair<string, object?> ofCategory = new("category", category);
        KeyValuePair<string, object?> withOutcome = new("outcome", outcome);
        if (reason is null)
            _ended.Add(1, ofCategory, withOutcome);
        else
            _ended.Add(1, ofCategory, withOutcome, new("reason", reason));
        _duration.Record(took.TotalSeconds, ofCategory, withOutcome);
    }

    /// <summary>A delivery has come to a status.</summary>
    /// <param name="category">The category of its notification.</param>
    /// <param name="channel">Its channel.</param>
    /// <param name="status">The status.</param>
    /// <param name="reason">Why it was not sent, or is held, in one word; null when it was sent.</param>
    public void Settled(string category, string channel, string status, string? reason)
    {
        var tags = new TagList
        {
            { "category", category },
            { "channel", channel },
            { "status", status },
        };
        if (reason is not null)
            tags.Add("reason", reason);
        _settled.Add(1, tags);
    }

    /// <summary>The next step of a notification began because the time of the one before was up.</summary>
    public void Escalated(string category) => _escalations.Add(1, new KeyValuePair<string, object?>("category", category));

    /// <summary>A provider has answered a call, or has not.</summary>
    public void Called(string account, string channel, string outcome, TimeSpan took) =>
        _calls.Record(took.TotalSeconds, new("account", account), new("channel", channel), new("outcome", outcome));

    /// <summary>The circuit of an account has changed.</summary>
    public void CircuitChanged(string account, string from, string to) =>
        _circuitChanges.Add(1, new("account", account), new("from", from), new("to", to));

    /// <summary>Has the circuits looked at whenever their state is asked for.</summary>
    public void WatchCircuits(Func<IEnumerable<Measurement<int>>> circuits) => _circuits = circuits;

    /// <summary>Has the channels looked at whenever it is asked how many of their accounts may be called.</summary>
    public void WatchChannels(Func<IEnumerable<Measurement<int>>> channels) => _channels = channels;

    /// <summary>Has the problems looked at whenever their age is asked for.</summary>
    public void WatchProblems(Func<IEnumerable<Measurement<double>>> problems) => _problems = problems;

    /// <summary>A command was put off.</summary>
    /// <param name="channel">Its channel.</param>
    /// <param name="reason">What it waits for, in one word.</param>
    public void Redelivered(string channel, string reason) => _redelivered.Add(1, new("channel", channel), new("reason", reason));

    /// <summary>A file was fetched, or was not.</summary>
    /// <param name="channel">The channel of the delivery it is sent with.</param>
    /// <param name="outcome">What came of it, in one word.</param>
    /// <param name="duration">How long it took.</param>
    public void Fetched(string channel, string outcome, TimeSpan duration) =>
        _fetches.Record(duration.TotalSeconds, new("channel", channel), new("outcome", outcome));

    /// <summary>Another account is called because this one could not take the delivery.</summary>
    public void FellBack(string channel, string from) => _fallbacks.Add(1, new("channel", channel), new("from", from));

    /// <summary>The guard of a channel has refused a delivery, or watched it go.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="country">The country of its address; <c>none</c> where it has none.</param>
    /// <param name="reason">Why, in one word.</param>
    public void Guarded(string channel, string country, string reason) =>
        _guarded.Add(1, new("channel", channel), new("country", country), new("reason", reason));

    /// <summary>Several items share a round trip or a message.</summary>
    /// <param name="batch">What is gathered: a word of the code.</param>
    /// <param name="size">How many.</param>
    public void Batched(string batch, int size) => _batches.Record(size, new KeyValuePair<string, object?>("batch", batch));

    /// <summary>A message was set aside and is on record.</summary>
    public void SetAside(string kind) => _failedMessages.Add(1, new KeyValuePair<string, object?>("kind", kind));
}
