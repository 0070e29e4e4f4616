using System.Threading.Channels;

using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

using NotificationBus.Outgoing;
using NotificationBus.Sending.Accounts;
using NotificationBus.Sending.Controls;

namespace NotificationBus.Sending;

/// <summary>
/// Brings out what waited for a paused channel, once operators have resumed it, and what waited for a provider of the channel, once one is called again:
/// its circuit has closed, or an operator has switched it on.
/// </summary>
sealed partial class ResumedChannels(ControlBoard board, ProviderChains chains, SenderOptions sender, IOutgoingMessages outgoing, TimeProvider clock, ILogger<ResumedChannels> log) : BackgroundService
{
    // A worker that was just putting a delivery off had not heard yet.
    static readonly TimeSpan Stragglers = TimeSpan.FromSeconds(2);

    readonly Channel<bool> _changed = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    HashSet<Obstacle> _obstacles = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        board.Tell(_ => _changed.Writer.TryWrite(true));
        try
        {
            do
            {
                if (Removed() is { Count: > 0 } removed)
                    await Release(removed, stoppingToken);
            }
            while (await _changed.Reader.ReadAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    /// <summary>What may be waited for whose obstacle is gone since this was asked last.</summary>
    List<string> Removed()
    {
        var before = _obstacles;
        _obstacles = [.. Obstacles(board.Current)];
        return [.. before.Except(_obstacles).Select(obstacle => obstacle.WaitsFor).Distinct(StringComparer.Ordinal)];
    }

    IEnumerable<Obstacle> Obstacles(SendingControls controls)
    {
        foreach (var chain in chains.All.Where(chain => sender.Serves(chain.Channel.Name)))
        {
            var channel = chain.Channel.Name;
            if (controls.Channel(channel).Paused)
                yield return new Obstacle(channel, SendDeliveryConsumer.WaitsForChannel(channel));
            foreach (var account in chain.Accounts.Where(account => ProviderAccount.IsShut(controls, account.Name)))
                yield return new Obstacle(account.Name, SendDeliveryConsumer.WaitsForProvider(channel));
        }
    }

    async Task Release(List<string> waitedFor, CancellationToken cancellationToken)
    {
        try
        {
            var released = await ReleaseAll();
            await Task.Delay(Stragglers, clock, cancellationToken);
            Resumed(string.Join(", ", waitedFor), released + await ReleaseAll());
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            // They come by themselves, only later.
            NotReleased(exception, string.Join(", ", waitedFor));
        }
        catch (OperationCanceledException)
        {
            // The host stops; another one releases them, or time does.
        }

        async Task<int> ReleaseAll()
        {
            var count = 0;
            foreach (var one in waitedFor)
                count += await outgoing.Release(one, cancellationToken);
            return count;
        }
    }

    readonly record struct Obstacle(string Name, string WaitsFor);

    [LoggerMessage(LogLevel.Information, "{What}: sending goes on; {Count} deliveries waited for it")]
    partial void Resumed(string what, int count);

    [LoggerMessage(LogLevel.Warning, "What waits for {What} could not be released, and comes out within minutes")]
    partial void NotReleased(Exception exception, string what);
}
