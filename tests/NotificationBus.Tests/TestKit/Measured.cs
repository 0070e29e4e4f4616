using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using NotificationBus.Telemetry;

namespace NotificationBus.Tests.TestKit;

/// <summary>What one host counts, and no other that runs beside it.</summary>
sealed class Measured : IDisposable
{
    readonly ConcurrentQueue<string> _counted = new();
    readonly MeterListener _listener = new();

    public Measured(IMeterFactory meters)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Scope == meters && instrument.Meter.Name == FlowMetrics.Name)
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, _, tags, _) => _counted.Enqueue(Line(instrument, tags)));
        _listener.Start();
    }

    /// <summary>A line for each time something was counted: its name, and the values of its labels.</summary>
    public IEnumerable<string> Counted => _counted;

    public void Dispose() => _listener.Dispose();

    static string Line(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var line = instrument.Name["notificationbus.".Length..];
        foreach (var tag in tags)
            line += $" {tag.Value}";
        return line;
    }
}
