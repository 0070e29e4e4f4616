using System.Globalization;
using MassTransit;
using NotificationBus.Contracts;
using NotificationBus.Providers.Controls;

namespace NotificationBus.Providers.Accounts;

/// <summary>
/// Those who wait for their turn at an account, each for a slot that was handed out at the rate of that moment. When the rate changes, so
/// does the time until each of them: otherwise ten thousand deliveries that came while it was one a second would take three hours,
/// however much the provider allows meanwhile.
/// </summary>
public static class WaitingLine
{
    /// <summary>The <see cref="Factor"/> when there is no limit any more: nobody waits any longer.</summary>
    public const double AtOnce = 1_000_000;

    const string Turn = "turn at ";

    /// <summary>The header of a command that has waited: when it was due in the end, which is its turn.</summary>
    internal const string WasDue = "NB-Was-Due";

    /// <summary>The command, with its turn where it is after the line was moved.</summary>
    internal static SendDelivery InItsTurn(this ConsumeContext<SendDelivery> context) =>
        context.Message is { Slot: { } slot } command
        && DateTimeOffset.TryParse(context.ReceiveContext.TransportHeaders.Get<string>(WasDue), CultureInfo.InvariantCulture, out var due)
            ? command with
            {
                Slot = slot with { At = due },
            }
            : context.Message;

    /// <summary>The rate that operators have set or that is configured, calls per second; null when neither is.</summary>
    public static double? LimitOf(ProviderControl control, AccountOptions options) => control.PerSecond ?? options.PerSecond;

    /// <summary>Names what a delivery waits for whose turn at an account comes later.</summary>
    public static string WaitsForTurn(string account) => $"{Turn}{account}";

    /// <summary>True when that is what was waited for.</summary>
    internal static bool IsTurn(string waitsFor) => waitsFor.StartsWith(Turn, StringComparison.Ordinal);

    /// <summary>
    /// Returns the number by which the time until each turn is divided when the rate changes; null when it stays. Nobody waited when there
    /// was no limit.
    /// </summary>
    public static double? Factor(double? before, double? after) =>
        before is { } one && after != one
            ? after is { } other
                ? other / one
                : AtOnce
            : null;

    /// <summary>
    /// The lower of two rates, of which either may be none: the one that is set, and the one that the provider's complaints have taught.
    /// </summary>
    public static double? Lower(double? one, double? other) =>
        one is { } first && other is { } second ? Math.Min(first, second) : one ?? other;
}
