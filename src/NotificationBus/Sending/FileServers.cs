using Microsoft.Extensions.Options;
using NotificationBus.Contents;
using NotificationBus.Contracts;
using NotificationBus.Providers;
using NotificationBus.Telemetry;

namespace NotificationBus.Sending;

/// <summary>
/// Limits how many files this host fetches at the same time: of one server, and for each channel and lane of all. A server that is slow
/// or hangs takes no more of the messages at work there than its share, and as long as it does only one e-mail at a time finds out
/// whether it is back; the others wait where what was put off waits.
/// </summary>
public sealed class FileServers(
    IReadOnlyDictionary<string, ChannelOptions> channels,
    IOptions<AttachmentsOptions> options,
    TimeProvider clock
) : IGate
{
    // So long a message may be held for the turn of a server that answers.
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    // What a server was like before that says nothing any more.
    static readonly TimeSpan LongestRemembered = TimeSpan.FromMinutes(5);

    readonly Lock _lock = new();
    readonly Dictionary<string, Server> _servers = new(StringComparer.Ordinal);
    readonly Dictionary<(string Channel, Lane Lane), int> _lanes = [];

    /// <inheritdoc />
    public IEnumerable<GateUse> Uses
    {
        get
        {
            lock (_lock)
                return
                [
                    .. _lanes.Select(lane => new GateUse(
                        "attachment-fetches",
                        lane.Value,
                        MostOf(lane.Key),
                        [new("channel", lane.Key.Channel), new("lane", Label<Lane>.Of(lane.Key.Lane))]
                    )),
                ];
        }
    }

    /// <summary>Waits shortly for a turn at a server.</summary>
    /// <param name="command">Tells the channel and the lane.</param>
    /// <param name="url">A URL of the server's.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>Null when there is none soon.</returns>
    internal async Task<ServerTurn?> Enter(SendDelivery command, Uri url, CancellationToken cancellationToken)
    {
        var lane = (command.Channel, command.Lane);
        var name = $"{url.IdnHost}:{url.Port}";
        TaskCompletionSource<bool> turn;
        lock (_lock)
        {
            // Whoever waits for a turn holds a message as well.
            if (_lanes.GetValueOrDefault(lane) >= MostOf(lane))
                return null;

            // And half of the places are for other servers, where there is more than one.
            var server = ServerOf(name);
            if (server.Taken + server.Waiting.Count >= Math.Max(MostOf(lane) / 2, 1))
                return null;
            if (server.Taken < MostOf(server))
            {
                server.Taken++;
                Hold(lane);
                return new ServerTurn(this, name, lane);
            }

            if (server.IsAway || server.Waiting.Count >= options.Value.ServerConcurrency)
                return null;

            turn = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
            server.Waiting.AddLast(turn);
            Hold(lane);
        }

        try
        {
            if (await turn.Task.WaitAsync(Patience, clock, cancellationToken))
                return new ServerTurn(this, name, lane);
        }
        catch (Exception given) when (given is TimeoutException or OperationCanceledException)
        {
            if (!GiveUp(name, turn))
                return new ServerTurn(this, name, lane); // It came in the same moment.
        }

        lock (_lock)
            LetGo(lane);
        cancellationToken.ThrowIfCancellationRequested();
        return null;
    }

    /// <summary>Ends a turn.</summary>
    internal void Leave(string name, (string, Lane) lane, bool? isAway)
    {
        lock (_lock)
        {
            var server = ServerOf(name);
            server.Taken--;
            if (isAway is { } away)
                (server.IsAway, server.At) = (away, clock.GetTimestamp());
            LetGo(lane);

            while (server.Waiting.First is { Value: var next } && (server.IsAway || server.Taken < MostOf(server)))
            {
                server.Waiting.RemoveFirst();
                server.Taken += server.IsAway ? 0 : 1;
                next.SetResult(!server.IsAway);
            }

            Forget();
        }
    }

    // False when the turn has come.
    bool GiveUp(string name, TaskCompletionSource<bool> turn)
    {
        lock (_lock)
            return turn.Task.IsCompletedSuccessfully ? !turn.Task.Result : ServerOf(name).Waiting.Remove(turn);
    }

    Server ServerOf(string name)
    {
        if (!_servers.TryGetValue(name, out var server))
            _servers.Add(name, server = new Server());
        if (server.IsAway && clock.GetElapsedTime(server.At) > LongestRemembered)
            server.IsAway = false;
        return server;
    }

    // Nobody can make it remember more servers than there are e-mails in five minutes that found one away.
    void Forget()
    {
        foreach (var (name, server) in _servers)
        {
            if (server is { Taken: 0, Waiting.Count: 0 } && (!server.IsAway || clock.GetElapsedTime(server.At) > LongestRemembered))
                _servers.Remove(name);
        }
    }

    int MostOf(Server server) => server.IsAway ? 1 : options.Value.ServerConcurrency;

    int MostOf((string Channel, Lane Lane) lane) =>
        Math.Clamp(options.Value.Concurrency, 1, Math.Max(channels[lane.Channel].MessagesAtWork(lane.Lane) / 2, 1));

    void Hold((string, Lane) lane) => _lanes[lane] = _lanes.GetValueOrDefault(lane) + 1;

    void LetGo((string, Lane) lane) => _lanes[lane]--;

    sealed class Server
    {
        public int Taken { get; set; }

        public bool IsAway { get; set; }

        public long At { get; set; }

        public LinkedList<TaskCompletionSource<bool>> Waiting { get; } = [];
    }
}

/// <summary>A turn at a server of files.</summary>
sealed class ServerTurn(FileServers servers, string server, (string, Lane) lane) : IDisposable
{
    bool? _isAway;

    /// <summary>Notes what became of the turn; without it nobody knows.</summary>
    /// <param name="isAway">True when the server did not work.</param>
    public void Found(bool isAway) => _isAway = isAway;

    public void Dispose() => servers.Leave(server, lane, _isAway);
}
