using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NotificationBus.Sending;

namespace NotificationBus.Channels.Sandbox;

/// <summary>
/// Deliveries that this host's sandbox caught and other hosts are to show: the newest, until they are added. Beside the way: sending never
/// waits for it.
/// </summary>
public sealed class CaughtHere
{
    readonly ConcurrentQueue<CaughtDelivery> _waiting = new();

    internal void Add(CaughtDelivery caught)
    {
        _waiting.Enqueue(caught);
        if (_waiting.Count > SandboxInbox.Capacity)
            _waiting.TryDequeue(out _);
    }

    internal bool Any => !_waiting.IsEmpty;

    internal List<CaughtDelivery> Take(int most)
    {
        var taken = new List<CaughtDelivery>();
        while (taken.Count < most && _waiting.TryDequeue(out var caught))
            taken.Add(caught);
        return taken;
    }
}

/// <summary>Makes the inboxes of a fleet one: adds what is caught here, and brings here what is caught anywhere.</summary>
/// <param name="caught">What is caught here.</param>
/// <param name="inbox">What is shown here; null when this host shows none.</param>
/// <param name="shared">Where all hosts meet.</param>
/// <param name="clock">The time.</param>
/// <param name="log">Takes what goes wrong, which loses nothing but a look.</param>
public sealed partial class SharedInbox(
    CaughtHere caught,
    SandboxInbox? inbox,
    ICaughtDeliveries shared,
    TimeProvider clock,
    ILogger<SharedInbox> log
) : BackgroundService
{
    const int MostAtOnce = 50;

    static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(250);
    static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(1);
    static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(5);

    List<CaughtDelivery> _taken = [];
    long _shown;

    /// <inheritdoc />
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(Repeat(Add, stoppingToken), inbox is null ? Task.CompletedTask : Repeat(Show, stoppingToken));

    async Task Repeat(Func<CancellationToken, Task<TimeSpan>> step, CancellationToken stoppingToken)
    {
        var failed = false;
        while (!stoppingToken.IsCancellationRequested)
        {
            var pause = AfterFailure;
            try
            {
                pause = await step(stoppingToken);
                failed = false;
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                // Said once: whatever it is, the host has more important words for it.
                if (!failed)
                    NotShared(log, exception.GetType().Name);
                failed = true;
            }
            catch (OperationCanceledException)
            {
                return;
            }

            await Task.Delay(pause, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>While nobody has an inbox, one small question a second is all that catching costs.</summary>
    async Task<TimeSpan> Add(CancellationToken cancellationToken)
    {
        if (_taken.Count == 0 && !caught.Any)
            return LookAgain;
        if (!await shared.AreWanted(cancellationToken))
            return AskAgain;

        // What could not be added is first when it is tried again.
        while (_taken.Count > 0 || (_taken = caught.Take(MostAtOnce)).Count > 0)
        {
            await shared.Add([.. _taken.Select(CaughtJson.Write)], SandboxInbox.Capacity, cancellationToken);
            _taken = [];
        }

        return LookAgain;
    }

    async Task<TimeSpan> Show(CancellationToken cancellationToken)
    {
        var (edition, added) = await shared.After(_shown, cancellationToken);
        if (edition != inbox!.Edition)
        {
            // Cleared, or lost with a crash of the server, after which it counts from one again.
            _shown = 0;
            inbox.Begin(edition);
            (_, added) = await shared.After(_shown, cancellationToken);
        }

        foreach (var text in added)
        {
            // Cleared here meanwhile: who did so does not want to see what was there before.
            if (!inbox.Show(edition, CaughtJson.Read(text)))
                return TimeSpan.Zero;

            _shown = text.Number;
        }

        return LookAgain;
    }

    [LoggerMessage(LogLevel.Information, "What sandboxes caught is not shared with the inboxes of other hosts now: {Reason}")]
    static partial void NotShared(ILogger log, string reason);
}
