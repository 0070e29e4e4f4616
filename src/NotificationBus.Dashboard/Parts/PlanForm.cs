using System.Globalization;
using NotificationBus.Dashboard.Api;

namespace NotificationBus.Dashboard.Parts;

/// <summary>How an event type is to be sent. What is left empty is left to configuration.</summary>
public sealed class PlanForm
{
    /// <summary>Fills in what operators have set.</summary>
    public PlanForm(EventTypePlan? set) =>
        (Channels, Mode, LifetimeMinutes, EscalateMinutes, EscalateUnless) = (
            set?.Channels is { } channels ? string.Join(", ", channels) : null,
            set?.Mode ?? "",
            set?.Lifetime?.TotalMinutes,
            set?.EscalateAfter?.TotalMinutes,
            set?.EscalateUnless ?? ""
        );

    /// <summary>The channels in order, with commas.</summary>
    public string? Channels { get; set; }

    /// <summary>The mode; empty for the configured one.</summary>
    public string Mode { get; set; }

    /// <summary>The minutes that it is of use.</summary>
    public double? LifetimeMinutes { get; set; }

    /// <summary>The minutes after which the next channel is tried too; 0 for never by time.</summary>
    public double? EscalateMinutes { get; set; }

    /// <summary>The proof that keeps the next channel from being tried; empty for the configured one.</summary>
    public string EscalateUnless { get; set; }

    /// <summary>The fields of the call.</summary>
    /// <param name="switch">The switch as it is.</param>
    public (string Name, object? Value)[] Said(string @switch) =>
        [
            ("switch", @switch),
            ("channels", string.IsNullOrWhiteSpace(Channels) ? null : Channels.Split(',', StringSplitOptions.TrimEntries)),
            ("mode", Mode is "" ? null : Mode),
            ("lifetime", Time(LifetimeMinutes)),
            ("escalateAfter", Time(EscalateMinutes)),
            ("escalateUnless", EscalateUnless is "" ? null : EscalateUnless),
        ];

    // What is no time at all is left to the API to refuse.
    static string? Time(double? minutes) =>
        minutes is not { } said ? null
        : Math.Abs(said) <= TimeSpan.FromDays(100).TotalMinutes ? TimeSpan.FromMinutes(said).ToString("c", CultureInfo.InvariantCulture)
        : said.ToString(CultureInfo.InvariantCulture);
}
