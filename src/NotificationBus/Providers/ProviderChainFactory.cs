using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NotificationBus.Model;
using NotificationBus.Providers.Accounts;
using NotificationBus.Providers.Controls;
using NotificationBus.Providers.Routing;
using NotificationBus.Telemetry;

namespace NotificationBus.Providers;

/// <summary>Makes the chain of a channel.</summary>
public sealed class ProviderChainFactory(
    IAttemptLedger ledger,
    ControlBoard board,
    IOptions<RedeliveryOptions> redelivery,
    Random chance,
    TimeProvider clock,
    ILoggerFactory logs,
    FlowMetrics metrics
)
{
    /// <summary>Makes a chain.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="accounts">All accounts, those of routes after those of the channel.</param>
    /// <param name="routes">The routes, by which the accounts for a delivery are chosen.</param>
    public ProviderChain Make(IChannel channel, IReadOnlyList<ProviderAccount> accounts, ProviderRoutes routes) =>
        new(
            new ProviderOrder(channel, accounts, routes, board),
            new RecordedCalls(channel, ledger, clock, logs.CreateLogger<RecordedCalls>(), metrics),
            redelivery.Value,
            chance,
            clock,
            metrics
        );
}
