using System.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using NotificationBus.Providers.Controls;
using NotificationBus.Telemetry;

namespace NotificationBus.Providers.Accounts;

/// <summary>
/// Counts the changes of the circuits, as this host learns of them, and shows how they stand. An account has one, on every channel.
/// </summary>
sealed class CircuitWatch(ProviderChains chains, ControlBoard board, FlowMetrics metrics) : IHostedService
{
    readonly Dictionary<string, CircuitState> _seen = new(StringComparer.Ordinal);
    readonly Lock _lock = new();

    public Task StartAsync(CancellationToken cancellationToken)
    {
        string[] accounts =
        [
            .. chains.All.SelectMany(chain => chain.Accounts).Select(account => account.Name).Distinct(StringComparer.Ordinal),
        ];
        Note(board.Current, accounts, isFirst: true);
        board.Tell(controls => Note(controls, accounts));
        metrics.WatchCircuits(() =>
            accounts.Select(account => new Measurement<int>(
                (int)StateOf(board.Current, account),
                new KeyValuePair<string, object?>("account", account)
            ))
        );
        metrics.WatchChannels(() =>
            chains.All.Select(chain => new Measurement<int>(
                chain.Accounts.Count(account => !ProviderAccount.IsShut(board.Current, account.Name)),
                new KeyValuePair<string, object?>("channel", chain.Channel.Name)
            ))
        );
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    void Note(SendingControls controls, IEnumerable<string> accounts, bool isFirst = false)
    {
        lock (_lock)
        {
            foreach (var account in accounts)
            {
                var (before, now) = (_seen.GetValueOrDefault(account), StateOf(controls, account));
                _seen[account] = now;
                if (before != now && !isFirst)
                    metrics.CircuitChanged(account, Label<CircuitState>.Of(before), Label<CircuitState>.Of(now));
            }
        }
    }

    static CircuitState StateOf(SendingControls controls, string account) =>
        (controls.Provider(account).Pin, controls.HealthOf(account)) switch
        {
            (CircuitPin.Open, _) => CircuitState.Open,
            (CircuitPin.Closed, _) or (_, { CircuitOpen: false }) => CircuitState.Closed,
            (_, { ProbesPassed: > 0 }) => CircuitState.Probing,
            (_, var health) => health.ProbeUntil == default ? CircuitState.Open : CircuitState.Probing,
        };

    /// <summary>The numbers are those of the gauge.</summary>
    enum CircuitState
    {
        Closed = 0,
        Open = 1,
        Probing = 2,
    }
}
