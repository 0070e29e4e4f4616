using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using NotificationBus.Telemetry;

namespace NotificationBus.Tests.Docs;

/// <summary>docs/operating.md names every instrument of ours with its kind and unit, and none that there is not.</summary>
public sealed partial class The_table_of_metrics
{
    static readonly string Page = File.ReadAllText(Path.Combine(The_dependency_rule.Root(), "docs", "operating.md"));

    [Fact]
    public void Should_have_every_instrument_and_no_other() =>
        Documented().Select(row => row.Name).ShouldBe(Instruments().Select(instrument => instrument.Name), ignoreOrder: true);

    [Fact]
    public void Should_say_of_each_what_it_is()
    {
        var instruments = Instruments().ToDictionary(instrument => instrument.Name, KindOf, StringComparer.Ordinal);

        foreach (var (name, kind) in Documented())
            kind.ShouldBe(instruments[name], name);
    }

    static IReadOnlyList<Instrument> Instruments()
    {
        using var services = new ServiceCollection()
            .AddMetrics()
            .AddSingleton(TimeProvider.System)
            .AddSingleton<FlowMetrics>()
            .AddSingleton<FlowGauges>()
            .BuildServiceProvider();
        var meters = services.GetRequiredService<IMeterFactory>();
        var found = new ConcurrentQueue<Instrument>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Meter.Scope == meters)
                    found.Enqueue(instrument);
            },
        };
        listener.Start();
        services.GetRequiredService<FlowMetrics>();
        services.GetRequiredService<FlowGauges>();
        found.ShouldNotBeEmpty();
        return [.. found];
    }

    static string KindOf(Instrument instrument)
    {
        var type = instrument.GetType().GetGenericTypeDefinition();
        var kind =
            type == typeof(Counter<>) ? "counter"
            : type == typeof(Histogram<>) ? "histogram"
            : type == typeof(ObservableGauge<>) ? "gauge"
            : $"{type}";
        return instrument.Unit == "s" ? $"{kind}, s" : kind;
    }

    static IReadOnlyList<(string Name, string Kind)> Documented() =>
        [.. Row().Matches(Page).Select(row => (row.Groups["name"].Value, row.Groups["kind"].Value))];

    [GeneratedRegex(
        @"^\| `(?<name>notificationbus\.[a-z._]+)` \| (?<kind>[a-z, ]+) \|",
        RegexOptions.Multiline | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking
    )]
    private static partial Regex Row();
}
