using System.Collections.Frozen;
using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Providers;
using NotificationBus.Telemetry;

namespace NotificationBus.Sending;

/// <summary>
/// Keeps what is sent to the countries there are customers in, and within what a day may have: who makes a shop text thousands of numbers
/// of his own is paid by them (SMS pumping). What it refuses has an outcome and a reason as everything that is not sent.
/// </summary>
public sealed class DestinationGuard
{
    readonly FrozenDictionary<string, GuardOptions> _guards;
    readonly IDailyCounts _counts;
    readonly FlowMetrics _metrics;

    /// <summary>Makes it of the settings.</summary>
    public DestinationGuard(
        IReadOnlyDictionary<string, ChannelOptions> options,
        AddressLimits turns,
        IDailyCounts counts,
        FlowMetrics metrics
    )
    {
        (Turns, _counts, _metrics) = (turns, counts, metrics);
        _guards = options
            .Where(channel => !channel.Value.Guard.IsOff)
            .ToFrozenDictionary(channel => channel.Key, channel => channel.Value.Guard, StringComparer.Ordinal);
    }

    /// <summary>The turns of addresses that much is sent to at once.</summary>
    public AddressLimits Turns { get; }

    /// <summary>Decides about a delivery, and counts what may go out.</summary>
    /// <param name="channel">Its channel.</param>
    /// <param name="command">The command. One that was counted before is not counted again.</param>
    /// <param name="content">What it says.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The finding; null when there is nothing to say.</returns>
    internal ValueTask<GuardFinding?> Check(IChannel channel, SendDelivery command, Content content, CancellationToken cancellationToken) =>
        _guards.TryGetValue(channel.Name, out var guard)
            ? Check(guard, channel, command, content, cancellationToken)
            : new((GuardFinding?)null);

    async ValueTask<GuardFinding?> Check(
        GuardOptions guard,
        IChannel channel,
        SendDelivery command,
        Content content,
        CancellationToken cancellationToken
    )
    {
        var country = channel.CountryOf(command.Address);
        if (guard.AllowCountries.Count > 0 ? !Names(guard.AllowCountries, country) : Names(guard.BlockCountries, country))
            return Refuse(
                channel,
                country,
                ReasonCode.CountryBlocked,
                $"{channel.Name} is not sent to {country ?? "numbers of no country"}"
            );

        if (guard.Counts && !command.WasTried())
        {
            var count = await _counts.Count(
                channel.Name,
                channel.Canonical(command.Address),
                guard.PriceOf(country) * content.BilledParts,
                guard.AddressPerDay,
                guard.SpendPerDay,
                cancellationToken
            );
            if (count == DailyCount.AddressFull)
                return Refuse(
                    channel,
                    country,
                    ReasonCode.AddressDayLimit,
                    $"the address has been sent {guard.AddressPerDay} today, as many as a day may have"
                );
            if (count == DailyCount.SpendFull)
                return Refuse(channel, country, ReasonCode.SpendLimit, $"{channel.Name} has cost today what a day may cost");
        }

        if (!Names(guard.MonitorCountries, country))
            return null;

        _metrics.Guarded(channel.Name, country!, ReasonCode.CountryMonitored);
        return new GuardFinding(IsRefused: false, ReasonCode.CountryMonitored, $"{country} is watched, and sent to all the same");
    }

    GuardFinding Refuse(IChannel channel, string? country, string code, string reason)
    {
        _metrics.Guarded(channel.Name, country ?? "none", code);
        return new GuardFinding(IsRefused: true, code, reason);
    }

    static bool Names(IReadOnlyList<string> countries, string? country) =>
        country is not null && countries.Contains(country, StringComparer.Ordinal);
}

/// <summary>What the guard has to say of a delivery.</summary>
/// <param name="IsRefused">True when it is not sent.</param>
/// <param name="Code">Why, in one word.</param>
/// <param name="Text">The same for a person to read. Names no address.</param>
sealed record GuardFinding(bool IsRefused, string Code, string Text);
