using NotificationBus.Providers.Controls;
using NotificationBus.Status;

namespace NotificationBus.Providers.Accounts;

/// <summary>
/// Provider accounts that are not called: their circuit is open, nothing is taken before somebody mends them, or an operator has switched
/// them off.
/// </summary>
sealed class ShutProviders(ProviderChains chains, ControlBoard board) : IProblemSource
{
    public Task<IReadOnlyList<Problem>> Find(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<Problem>>([
            .. chains
                .All.SelectMany(chain => chain.Accounts)
                .Select(account => account.Name)
                .Distinct(StringComparer.Ordinal)
                .Select(Look)
                .OfType<Problem>(),
        ]);

    Problem? Look(string account)
    {
        var controls = board.Current;
        if (!ProviderAccount.IsShut(controls, account))
            return null;

        var health = controls.HealthOf(account);
        return controls.Provider(account) is { Switch: not ProviderSwitch.On } or { Pin: CircuitPin.Open }
            ? new Problem
            {
                Code = "provider-off",
                Where = account,
                Detail = "an operator has switched it off, or holds its circuit open; GET /v1/changes says who and why",
            }
            : new Problem
            {
                Code = health.NeedsAttention ? "provider-needs-attention" : "circuit-open",
                Where = account,
                Detail = health.NeedsAttention
                    ? $"nothing is taken before somebody mends the account: {health.Reason}"
                    : $"it is not called for a while: {health.Reason}",
                Since = health.Since,
            };
    }
}
