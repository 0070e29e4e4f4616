using System.Collections.Concurrent;
using NotificationBus.Contracts;
using NotificationBus.Messaging;
using NotificationBus.Providers;
using NotificationBus.Telemetry;

namespace NotificationBus.Sending;

/// <summary>
/// Limits how many deliveries of a channel and lane this host has at its providers at the same time: that many may be sent twice when it
/// is killed. More commands than these are at work, so that while some are sent others are prepared or reported, and the
/// writes of many are gathered.
/// </summary>
public sealed class SendBulkhead(IReadOnlyDictionary<string, ChannelOptions> channels, TimeProvider clock) : IGate
{
    readonly ConcurrentDictionary<(string Channel, Lane Lane), Line> _lines = [];

    /// <inheritdoc />
    public IEnumerable<GateUse> Uses =>
        _lines.Select(line => new GateUse(
            "bulkhead",
            line.Value.Taken,
            line.Value.Limit,
            [new("channel", line.Key.Channel), new("lane", Label<Lane>.Of(line.Key.Lane))]
        ));

    /// <summary>Waits for a turn, and sends.</summary>
    /// <param name="command">Tells the channel and the lane.</param>
    /// <param name="send">Sends; when it completes, the outcome is on record.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task<TOutcome> Send<TOutcome>(SendDelivery command, Func<Task<TOutcome>> send, CancellationToken cancellationToken)
    {
        var turns = LineOf(command).Turns;
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

    /// <summary>Sends while the input of a saga's step is held for it, if there is a turn soon.</summary>
    /// <inheritdoc cref="Send" path="/param"/>
    /// <returns>Null when there is none: then the command is better off in its queue.</returns>
    public async Task<TOutcome?> SendSoon<TOutcome>(SendDelivery command, Func<Task<TOutcome>> send, CancellationToken cancellationToken)
        where TOutcome : class
    {
        var line = LineOf(command);
        if (!await line.WaitShortly(cancellationToken))
            return null;

        try
        {
            return await send();
        }
        finally
        {
            line.LetGo();
        }
    }

    Line LineOf(SendDelivery command) =>
        _lines.GetOrAdd(
            (command.Channel, command.Lane),
            key => new Line(
                channels[key.Channel].ConcurrencyOf(key.Lane),
                SagaEndpoint.ConcurrencyOf(key.Lane) / Math.Max(channels.Count, 2),
                clock
            )
        );

    /// <summary>Those who wait for a turn.</summary>
    /// <remarks>
    /// Calls of one channel that hang hold no more than its share of the inputs that may be at work in a lane, so that the others go on;
    /// half of them where there is no other, so that events are still planned.
    /// </remarks>
    sealed class Line(int turns, int mostHolding, TimeProvider clock)
    {
        // So long an input can be held for a turn. Where that is not enough deliveries are not asked to wait for some time, and the longer
        // the more often it was not: a server that stands still for a moment goes on soon, calls that are slow do not.
        static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);
        static readonly TimeSpan ShortestSlow = TimeSpan.FromSeconds(1);
        static readonly TimeSpan LongestSlow = TimeSpan.FromSeconds(30);

        readonly Lock _lock = new();
        TimeSpan _slowFor;
        long _slowSince;

        public SemaphoreSlim Turns { get; } = new(turns);

        // What holds an input has one of these beside its turn. It is waited for as turns are: whether the calls hang nobody can tell
        // before.
        SemaphoreSlim Holds { get; } = new(mostHolding);

        public int Limit => turns;

        public int Taken => turns - Turns.CurrentCount;

        bool IsSlow => clock.GetElapsedTime(_slowSince) < _slowFor;

        public async Task<bool> WaitShortly(CancellationToken cancellationToken)
        {
            var patience = IsSlow ? TimeSpan.Zero : Patience;
            if (!await Holds.WaitAsync(patience, cancellationToken))
                return LosePatience();

            var hasTurn = false;
            try
            {
                hasTurn = await Turns.WaitAsync(patience, cancellationToken);
            }
            finally
            {
                if (!hasTurn)
                    Holds.Release();
            }

            return hasTurn || LosePatience();
        }

        public void LetGo()
        {
            Turns.Release();
            Holds.Release();
        }

        // Always false: there was no turn.
        bool LosePatience()
        {
            lock (_lock)
            {
                if (IsSlow)
                    return false;

                var before = clock.GetElapsedTime(_slowSince) < _slowFor + LongestSlow ? _slowFor : TimeSpan.Zero;
                _slowFor = TimeSpan.FromTicks(Math.Clamp(2 * before.Ticks, ShortestSlow.Ticks, LongestSlow.Ticks));
                _slowSince = clock.GetTimestamp();
                return false;
            }
        }
    }
}
