using System.Collections.Frozen;
using MassTransit;
using Microsoft.Extensions.Options;
using NotificationBus.Failures;
using NotificationBus.Host.Http;
using NotificationBus.Host.Settings;
using NotificationBus.Intake;
using NotificationBus.Messaging;

namespace NotificationBus.Host.Sql;

/// <summary>
/// Takes the events that producers publish by SQL, as the API takes those that are posted: the same checks, the same ids. One is published
/// first and removed then, so that a host that is killed in between publishes it again, under the id it had: nothing begins twice.
/// </summary>
sealed partial class SqlIntake(
    IIntakeRows waiting,
    RefusedRows refused,
    IntakeGate gate,
    IOptions<IntakeOptions> options,
    IServiceProvider services,
    TimeProvider clock,
    ILogger<SqlIntake> log
) : BackgroundService
{
    // Enough to keep the broker busy, few enough to be published within the lease.
    const int BatchSize = 200;
    const int Together = 64;

    // One that ends every host that takes it, or fails as none should, is set aside in the end.
    const int MostTimes = 10;

    // While events come they wake nobody: commits that notify take turns on the whole server.
    static readonly TimeSpan StaysAwake = TimeSpan.FromSeconds(2);
    static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(10);

    static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    static readonly TimeSpan PauseWithoutRoom = TimeSpan.FromMinutes(1);

    // Longer than a batch may take, so that a host that is slow is not taken for dead: those that were published together wait for the
    // broker, and then one of the others, to find out whether it still confirms nothing.
    readonly TimeSpan _lease = (2 * services.GetRequiredService<IOptions<PublishingOptions>>().Value.Timeout) + TimeSpan.FromSeconds(10);

    readonly FrozenDictionary<string, IIncomingItem> _events = IncomingItems.Of(services);

    readonly ApplicationUsers _users = ApplicationUsers.Of(services.GetRequiredService<HostSettings>());

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var awakeUntil = TimeSpan.MinValue;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                // What is there stays there.
                while (gate.IsClosed)
                    await Task.Delay(Pause, clock, stoppingToken);

                var rows = await waiting.Take(_lease, BatchSize, stoppingToken);
                var goesOn = true;
                if (rows.Count > 0)
                {
                    goesOn = await Take(rows);
                    awakeUntil = clock.Steady() + StaysAwake;
                }

                if (!goesOn)
                    await Task.Delay(Pause, clock, stoppingToken);
                else if (rows.Count == BatchSize)
                    continue;
                else if (clock.Steady() < awakeUntil)
                    await Task.Delay(LookAgain, clock, stoppingToken);
                else
                    await waiting.Wait(options.Value.Sql.Poll, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                SqlIntakeFailed(exception);
                await Task.Delay(Pause, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Ends what was begun, also when the host stops: what is published need not be published again.</summary>
    /// <returns>Whether to go on at once: not when all that the broker was asked to take it did not.</returns>
    async Task<bool> Take(IReadOnlyList<IntakeRow> rows)
    {
        var ends = new End[rows.Count];
        await Parallel.ForAsync(
            0,
            rows.Count,
            new ParallelOptions { MaxDegreeOfParallelism = Math.Clamp(options.Value.ConcurrencyLimit / 2, 1, Together) },
            async (index, _) => ends[index] = await Take(rows[index])
        );

        if (With(End.Done) is { Count: > 0 } done)
            await waiting.Remove(done, CancellationToken.None);
        if (With(End.Later) is { Count: > 0 } later)
            await waiting.PutOff(later, Pause, CancellationToken.None);
        if (With(End.NoRoom) is { Count: > 0 } without)
            await waiting.PutOff(without, PauseWithoutRoom, CancellationToken.None);
        // What is left is for another host, or this one, when the lease is over.
        return ends.Contains(End.Done) || !(ends.Contains(End.Later) || ends.Contains(End.None));

        List<IntakeRow> With(End end) => [.. rows.Where((_, index) => ends[index] == end)];
    }

    async Task<End> Take(IntakeRow row)
    {
        try
        {
            if (row.Times > MostTimes)
            {
                await Refuse(row, $"taken {row.Times - 1} times, and each time the host failed as none should, or ended");
                return End.Done;
            }

            if (await Publish(row) is { } refusal)
                await Refuse(row, RefusalText.Of(refusal));
            return End.Done;
        }
        catch (Exception exception)
            when (exception is IntakeClosedException or IntakeBusyException or BrokerUnavailableException or MassTransitException)
        {
            return End.Later;
        }
        catch (NoRoomException)
        {
            return End.NoRoom;
        }
        catch (Exception exception)
        {
            RowNotTaken(exception, row.Id);
            return End.None;
        }
    }

    /// <returns>Why it is refused; null when it is published, or was before.</returns>
    async Task<IResult?> Publish(IntakeRow row)
    {
        if (!_events.TryGetValue(row.EventType, out var item))
            return Problems.UnknownEvent(row.EventType, [.. _events.Keys.Order(StringComparer.Ordinal)]);

        var looked = item.Look(services, row.Event, new IncomingWay { By = NotificationIntake.Sql, Application = ApplicationOf(row) });
        var answer = looked.Take is { } take ? await take() : looked.Answer;
        return looked.Refusal ?? (answer is null ? null : Acceptance.Say(answer, clock.GetUtcNow()).Refusal);
    }

    Task Refuse(IntakeRow row, string reason) =>
        refused.Keep(row, _events.GetValueOrDefault(row.EventType)?.Contract, reason, ApplicationOf(row), CancellationToken.None);

    string ApplicationOf(IntakeRow row) => _users.OfDatabaseUser(row.Producer) ?? options.Value.Application;

    enum End
    {
        None,
        Done,
        Later,
        NoRoom,
    }

    [LoggerMessage(LogLevel.Warning, "Events that were published by SQL could not be taken, and are tried again")]
    partial void SqlIntakeFailed(Exception exception);

    [LoggerMessage(LogLevel.Error, "The event in row {Id} of intake_event could not be taken, and is tried again")]
    partial void RowNotTaken(Exception exception, Guid id);
}
