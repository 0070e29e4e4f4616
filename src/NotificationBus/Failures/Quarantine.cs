using System.Data.Common;
using System.Globalization;
using System.Security.Cryptography;
using MassTransit;
using NotificationBus.Model;
using NotificationBus.Telemetry;

namespace NotificationBus.Failures;

/// <summary>
/// Keeps a message from ending one process after the other. The broker's count of returns cannot tell it from those that were
/// prefetched with it; so whatever has come back twice is handled alone, and what was handled alone while the process ended, time and
/// again, is set aside.
/// </summary>
/// <remarks>
/// Somebody who kills the process again and again, a few seconds after each start, meets those that have come back and may hit the
/// same one three times. So the last trial is held in a process that has lived for a while: what ends that one, ends any.
/// </remarks>
/// <param name="poison">The record; null where nothing outlives the process, and so nothing comes back.</param>
/// <param name="clock">Tells how long the process has lived.</param>
sealed class Quarantine(IPoisonMessages? poison, TimeProvider clock) : IGate, IDisposable
{
    // Whatever was prefetched comes back once when a process ends. What ends processes comes back again and again.
    const int ReturnsOfPoison = 2;

    const int MostDeaths = 3;

    // One that hangs must not keep all others from being handled.
    static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    static readonly TimeSpan AgeForTheLastTrial = TimeSpan.FromSeconds(20);

    readonly SemaphoreSlim _oneAtATime = new(1);
    readonly long _born = clock.GetTimestamp();

    public IEnumerable<GateUse> Uses => [new GateUse("quarantine", 1 - _oneAtATime.CurrentCount, limit: 1)];

    /// <summary>Handles a message: one that has come back alone, and one that ends the process not at all.</summary>
    public async Task Handle(ReceiveContext context, string queue, Func<Task> handle, Func<Exception, Task> setAside)
    {
        if (poison is null || Returns(context) < ReturnsOfPoison)
        {
            await handle();
            return;
        }

        var messageId = IdOf(context, queue);
        if (await OnRecord(() => poison.Deaths(messageId, context.CancellationToken)) == MostDeaths - 1)
            await GrowOld(context.CancellationToken);

        if (!await _oneAtATime.WaitAsync(LongestWait, context.CancellationToken))
        {
            // Not alone, and so no trial.
            await handle();
            return;
        }

        try
        {
            await HandleAlone(poison, messageId, handle, setAside);
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    /// <summary>Ends with the host.</summary>
    public void Dispose() => _oneAtATime.Dispose();

    async Task GrowOld(CancellationToken cancellationToken)
    {
        var missing = AgeForTheLastTrial - clock.GetElapsedTime(_born);
        if (missing > TimeSpan.Zero)
            await Task.Delay(missing, clock, cancellationToken);
    }

    static async Task HandleAlone(IPoisonMessages poison, Guid messageId, Func<Task> handle, Func<Exception, Task> setAside)
    {
        var deaths = await OnRecord(() => poison.Begin(messageId, CancellationToken.None));
        try
        {
            await (deaths >= MostDeaths ? setAside(new ProcessEndedException(deaths)) : handle());
        }
        finally
        {
            await OnRecord(async () =>
            {
                await poison.End(messageId, CancellationToken.None);
                return 0;
            });
        }
    }

    /// <summary>Nobody waits for the record: without it nothing is set aside, and everything is handled.</summary>
    static async Task<int> OnRecord(Func<Task<int>> note)
    {
        try
        {
            return await note();
        }
        catch (DbException)
        {
            return 0;
        }
    }

    // By its body: of a message that cannot be read nothing else is known.
    static Guid IdOf(ReceiveContext context, string queue) =>
        DeterministicId.From("suspect", queue, Convert.ToHexString(SHA256.HashData(context.Body.GetBytes())));

    /// <summary>
    /// Counts how often the broker has taken the message back: RabbitMQ 3 counts deliveries, RabbitMQ 4 counts a crash only as acquired.
    /// </summary>
    static long Returns(ReceiveContext context) => Math.Max(Count(context, "x-delivery-count"), Count(context, "x-acquired-count"));

    static long Count(ReceiveContext context, string header) =>
        context.TransportHeaders.TryGetHeader(header, out var value)
        && value is IConvertible
        && long.TryParse(
            Convert.ToString(value, CultureInfo.InvariantCulture),
            NumberStyles.None,
            CultureInfo.InvariantCulture,
            out var count
        )
            ? count
            : 0;
}

/// <summary>The process ended each time it handled the message.</summary>
/// <param name="times">How often.</param>
public sealed class ProcessEndedException(int times)
    : Exception($"the process ended {times} times while it handled this message and no other that had come back");
