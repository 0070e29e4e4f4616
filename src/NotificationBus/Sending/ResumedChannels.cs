using System.Threading.Channels;

using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

using NotificationBus.Outgoing;
using NotificationBus.Sending.Controls;

namespace NotificationBus.Sending;

/// <summary>Brings out what waited for a paused channel, once operators have resumed it.</summary>
sealed partial class ResumedChannels(ControlBoard board, ChannelSet channels, SenderOptions sender, IOutgoingMessages outgoing, TimeProvider clock, ILogger<ResumedChannels> log) : BackgroundService
{
    // A worker that was just putting a delivery off had not heard yet.
    static readonly TimeSpan Stragglers = TimeSpan.FromSeconds(2);

    readonly Dictionary<string, bool> _paused = new(StringComparer.Ordinal);
    readonly Channel<bool> _changed = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        board.Tell(_ => _changed.Writer.TryWrite(true));
        try
        {
            do
            {
                foreach (var channel in channels.All.Where(channel => sender.Serves(channel.Name) && WasResumed(channel.Name)))
                    await Release(channel.Name, stoppingToken);
            }
            while (await _changed.Reader.ReadAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    bool WasResumed(string channel)
    {
        var isPaused = board.Current.Channel(channel).Paused;
        var wasPaused = _paused.GetValueOrDefault(channel);
        _paused[channel] = isPaused;
        return wasPaused && !isPaused;
    }

    async Task Release(string channel, CancellationToken cancellationToken)
    {
        try
        {
            var released = await outgoing.Release(SendDeliveryConsumer.WaitsForChannel(channel), cancellationToken);
            await Task.Delay(Stragglers, clock, cancellationToken);
            released += await outgoing.Release(SendDeliveryConsumer.WaitsForChannel(channel), cancellationToken);
            Resumed(channel, released);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            // They come by themselves, only later.
            NotReleased(exception, channel);
        }
        catch (OperationCanceledException)
        {
            // The host stops; another one releases them, or time does.
        }
    }

    [LoggerMessage(LogLevel.Information, "The channel {Channel} is resumed; {Count} deliveries waited for it")]
    partial void Resumed(string channel, int count);

    [LoggerMessage(LogLevel.Warning, "What waits for the channel {Channel} could not be released, and comes out within minutes")]
    partial void NotReleased(Exception exception, string channel);
}
