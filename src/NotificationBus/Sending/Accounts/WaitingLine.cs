using NotificationBus.Sending.Controls;

namespace NotificationBus.Sending.Accounts;

/// <summary>
/// Those who wait for their turn at an account, each for a slot that was handed out at the rate of that moment. When the rate changes, so
/// does the time until each of them: otherwise ten thousand deliveries that came while it was one a second would take three hours,
/// however much the provider allows meanwhile.
/// </summary>
public static class WaitingLine
{
    // Without a limit nobody waits any longer.
    const double AtOnce = 1_000_000;

    /// <summary>The rate in force, calls per second: the one that operators have set or that is configured, or a lower one that the provider's complaints have taught; null when there is no limit.</summary>
    public static double? RateOf(ProviderControl control, AccountOptions options, ProviderHealth health)
    {
        var set = control.PerSecond ?? options.PerSecond;
        return set is { } one && health.LearnedPerSecond is { } other ? Math.Min(one, other) : set ?? health.LearnedPerSecond;
    }

    /// <summary>What a delivery waits for whose turn at an account comes later.</summary>
    public static string WaitsForTurn(string account) => $"turn at {account}";

    /// <summary>Brings those who wait forward, or puts them back, after the rate has changed. Nobody waited when there was no limit.</summary>
    public static Task RateChanged(this IProviderHealth health, string account, double? before, double? after) =>
        before is { } one && after != one
            ? health.Respace(account, WaitsForTurn(account), after is { } other ? other / one : AtOnce)
            : Task.CompletedTask;
}
