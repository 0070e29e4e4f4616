using System.Collections.Concurrent;
using System.Collections.Frozen;
using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Providers;

namespace NotificationBus.Sending;

/// <summary>
/// Limits of what one address is sent at once, so that an event that is repeated without end does not bury a person. What is too much waits
/// for its turn. Each host counts for itself: a round trip for each delivery is a high price for a storm that is held up either way.
/// </summary>
public sealed class AddressLimits
{
    readonly FrozenDictionary<string, Limited> _channels;
    readonly TimeProvider _clock;

    /// <summary>Makes them of what channels and settings say.</summary>
    public AddressLimits(ChannelSet channels, IReadOnlyDictionary<string, ChannelOptions> options, TimeProvider clock)
    {
        _clock = clock;
        _channels = channels
            .All.Select(channel =>
            {
                var set = options.GetValueOrDefault(channel.Name) ?? new ChannelOptions();
                return (channel.Name, Limit: set.AddressLimit ?? channel.AddressLimit ?? 0, set.AddressWindow);
            })
            .Where(channel => channel.Limit > 0)
            .ToFrozenDictionary(
                channel => channel.Name,
                channel => new Limited(channel.Limit, channel.AddressWindow),
                StringComparer.Ordinal
            );
    }

    /// <summary>Counts a delivery, once.</summary>
    /// <returns>The time until its turn, which is its own from now on; null when it may be sent at once.</returns>
    public TimeSpan? Wait(IChannel channel, SendDelivery command) =>
        !command.IsCounted()
        && _channels.TryGetValue(channel.Name, out var limited)
        && limited.Wait(channel.Canonical(command.Address), _clock.Steady(), command.ExpiresAt - _clock.GetUtcNow()) is var wait
        && wait > TimeSpan.Zero
            ? wait
            : null;

    /// <summary>The reason why one waits on a channel, for a person to read.</summary>
    public string ReasonOn(IChannel channel) =>
        _channels.TryGetValue(channel.Name, out var limited)
            ? $"the address is sent no more than {limited.Most} in {limited.Window.TotalSeconds:0} s"
            : "the address is sent too much";

    sealed class Limited(int most, TimeSpan window)
    {
        const int FewestToSweep = 1_024;

        readonly ConcurrentDictionary<string, Allowance> _addresses = new(StringComparer.Ordinal);
        int _kept;
        int _sweepAt = FewestToSweep;

        public int Most => most;

        public TimeSpan Window => window;

        public TimeSpan Wait(string address, TimeSpan now, TimeSpan longest)
        {
            if (!_addresses.TryGetValue(address, out var allowance))
            {
                allowance = new Allowance(most, window);
                if (_addresses.TryAdd(address, allowance))
                    SweepAfter(Interlocked.Increment(ref _kept), now);
                else
                    allowance = _addresses.GetOrAdd(address, allowance);
            }

            return allowance.TakeNext(now, longest);
        }

        /// <summary>Forgets those that are as good as new. Seldom: each time that twice as many are kept.</summary>
        void SweepAfter(int kept, TimeSpan now)
        {
            var limit = Volatile.Read(ref _sweepAt);
            if (kept < limit || Interlocked.CompareExchange(ref _sweepAt, int.MaxValue, limit) != limit)
                return;

            foreach (var (address, allowance) in _addresses)
            {
                if (allowance.IsFull(now) && _addresses.TryRemove(new(address, allowance)))
                    Interlocked.Decrement(ref _kept);
            }

            Volatile.Write(ref _sweepAt, Math.Max(FewestToSweep, 2 * Volatile.Read(ref _kept)));
        }
    }
}

/// <summary>What a command says of itself.</summary>
static class Counted
{
    /// <summary>
    /// True for what has been counted before: it comes again because it had to wait for its turn, could not be sent, or may have been.
    /// </summary>
    public static bool IsCounted(this SendDelivery command) => command.HasTurnAtAddress || command.WasTried();

    /// <summary>True for what has been at a provider, or in line for one.</summary>
    public static bool WasTried(this SendDelivery command) =>
        command.Redeliveries > 0 || command.EarlierAttempts > 0 || command.MayHaveBeenSent || command.Slot is not null;
}
