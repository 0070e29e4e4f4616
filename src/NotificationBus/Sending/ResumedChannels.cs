using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NotificationBus.Messaging;
using NotificationBus.Outgoing;
using NotificationBus.Providers;
using NotificationBus.Providers.Accounts;
using NotificationBus.Providers.Controls;

namespace NotificationBus.Sending;

/// <summary>
/// Brings out what waited for a paused channel, once operators have resumed it, and what waited for a provider of the channel, once one is
/// called again: its circuit has closed, an operator has switched it on, or the break that an operator has shortened is over.
/// </summary>
sealed partial class ResumedChannels(
    ControlBoard board,
    ProviderChains chains,
    SenderOptions sender,
    IOutgoingMessages outgoing,
    TimeProvider clock,
    ILogger<ResumedChannels> log
) : BackgroundService
{
    // A worker that was just putting a delivery off had not heard yet.
    static readonly TimeSpan LatePutOffs = TimeSpan.FromSeconds(2);

    readonly Lock _lock = new();
    readonly Channel<Removed> _removed = Channel.CreateUnbounded<Removed>();
    HashSet<Obstacle> _obstacles = [];
    IReadOnlyDictionary<string, ProviderHealth> _health = new Dictionary<string, ProviderHealth>(StringComparer.Ordinal);

    /// <summary>Names what a delivery waits for whose channel is paused.</summary>
    public static string WaitsForChannel(string channel) => $"channel {channel}";

    /// <summary>Names what a delivery waits for while a provider of its channel is shut.</summary>
    public static string WaitsForProvider(string channel) => $"provider of {channel}";

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        board.Tell(Compare);
        Compare(board.Current);
        try
        {
            // Whoever is resumed next does not wait for the late ones of the one before.
            await foreach (var removed in _removed.Reader.ReadAllAsync(stoppingToken))
                _ = Release(removed.WaitedFor, removed.In, stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    /// <summary>
    /// Notes what may be waited for whose obstacle is gone. At every change: what is shut and opened again between two looks would be
    /// missed.
    /// </summary>
    void Compare(SendingControls controls)
    {
        lock (_lock)
        {
            var before = _obstacles;
            _obstacles = [.. Obstacles(controls)];
            foreach (var waitedFor in before.Except(_obstacles).Select(obstacle => obstacle.WaitsFor).Distinct(StringComparer.Ordinal))
                _removed.Writer.TryWrite(new Removed(waitedFor, TimeSpan.Zero));
            foreach (var shortened in Shortened(controls))
                _removed.Writer.TryWrite(shortened);
            _health = controls.Health;
        }
    }

    /// <summary>Who waits for a break was put off for as long as it was to last then.</summary>
    IEnumerable<Removed> Shortened(SendingControls controls)
    {
        var now = clock.GetUtcNow();
        foreach (var obstacle in _obstacles)
        {
            var (before, health) = (_health.GetValueOrDefault(obstacle.Name), controls.HealthOf(obstacle.Name));
            if (health.CircuitOpen && before is { CircuitOpen: true } && health.OpenFor < before.OpenFor && before.OpenUntil > now)
                yield return new Removed(obstacle.WaitsFor, health.RemainingBreak(now) ?? TimeSpan.Zero);
        }
    }

    IEnumerable<Obstacle> Obstacles(SendingControls controls)
    {
        foreach (var chain in chains.All.Where(chain => sender.Serves(chain.Channel.Name)))
        {
            var channel = chain.Channel.Name;
            if (controls.Channel(channel).Paused)
                yield return new Obstacle(channel, WaitsForChannel(channel));
            foreach (var account in chain.Accounts.Where(account => ProviderAccount.IsShut(controls, account.Name)))
                yield return new Obstacle(account.Name, WaitsForProvider(channel));
        }
    }

    async Task Release(string waitedFor, TimeSpan after, CancellationToken cancellationToken)
    {
        try
        {
            if (after > TimeSpan.Zero)
                await Task.Delay(after, clock, cancellationToken);
            var released = await outgoing.Release(waitedFor, cancellationToken);
            await Task.Delay(LatePutOffs, clock, cancellationToken);
            released += await outgoing.Release(waitedFor, cancellationToken);
            Resumed(waitedFor, released);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            // They come by themselves, only later.
            NotReleased(exception, waitedFor);
        }
        catch (OperationCanceledException)
        {
            // The host stops; another one releases them, or time does.
        }
    }

    readonly record struct Obstacle(string Name, string WaitsFor);

    readonly record struct Removed(string WaitedFor, TimeSpan In);

    [LoggerMessage(LogLevel.Information, "{What}: sending goes on; {Count} deliveries waited for it")]
    partial void Resumed(string what, int count);

    [LoggerMessage(LogLevel.Warning, "What waits for {What} could not be released, and comes out within minutes")]
    partial void NotReleased(Exception exception, string what);
}
