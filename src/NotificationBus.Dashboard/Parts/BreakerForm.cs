using System.Globalization;
using NotificationBus.Dashboard.Api;

namespace NotificationBus.Dashboard.Parts;

/// <summary>When a circuit is to open and close. What is left empty is left to configuration.</summary>
public sealed class BreakerForm
{
    /// <summary>Fills in what operators have set.</summary>
    public BreakerForm(Breaker? set) =>
        (MinimumCalls, FailurePercent, OpenSeconds, HalfOpenCalls) = (
            set?.MinimumCalls,
            Percent(set?.FailureShare),
            set?.OpenFor?.TotalSeconds,
            set?.HalfOpenCalls
        );

    /// <summary>The fewest calls within ten seconds that say anything.</summary>
    public int? MinimumCalls { get; set; }

    /// <summary>The share of them that must fail, in percent.</summary>
    public double? FailurePercent { get; set; }

    /// <summary>The seconds for which no probe is made.</summary>
    public double? OpenSeconds { get; set; }

    /// <summary>The probes in a row that close it.</summary>
    public int? HalfOpenCalls { get; set; }

    /// <summary>The fields of the call.</summary>
    public (string Name, object? Value)[] Said() =>
        [
            ("minimumCalls", MinimumCalls),
            ("failureShare", FailurePercent is { } percent ? Math.Round(percent / 100, 6) : null),
            ("openFor", OpenSeconds is { } seconds ? Time(seconds) : null),
            ("halfOpenCalls", HalfOpenCalls),
        ];

    /// <summary>A share in percent.</summary>
    public static double? Percent(double? share) => share is { } known ? Math.Round(known * 100, 4) : null;

    // What is no time at all is left to the API to refuse.
    static string Time(double seconds) =>
        Math.Abs(seconds) <= TimeSpan.FromDays(1).TotalSeconds
            ? TimeSpan.FromSeconds(seconds).ToString("c", CultureInfo.InvariantCulture)
            : seconds.ToString(CultureInfo.InvariantCulture);
}
