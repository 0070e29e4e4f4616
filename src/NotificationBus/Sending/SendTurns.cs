using System.Collections.Concurrent;

using NotificationBus.Contracts;

namespace NotificationBus.Sending;

/// <summary>
/// Limits how many deliveries of a channel and lane this host has at its providers at the same time: that many may be sent twice when it
/// is killed. More commands than these are at work, so that while some are sent others are prepared or reported, and the
/// writes of many are gathered.
/// </summary>
public sealed class SendTurns(IReadOnlyDictionary<string, ChannelOptions> channels)
{
    readonly ConcurrentDictionary<(string Channel, Lane Lane), SemaphoreSlim> _turns = [];

    /// <summary>Waits for a turn, and sends.</summary>
    /// <param name="command">Tells the channel and the lane.</param>
    /// <param name="send">Sends; when it completes, the outcome is on record.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task<TOutcome> Send<TOutcome>(SendDelivery command, Func<Task<TOutcome>> send, CancellationToken cancellationToken)
    {
        var turns = _turns.GetOrAdd((command.Channel, command.Lane), key => new SemaphoreSlim(channels[key.Channel].ConcurrencyOf(key.Lane)));
        await turns.WaitAsync(cancellationToken);
        try
        {
            return await send();
        }
        finally
        {
            turns.Release();
        }
    }
}
