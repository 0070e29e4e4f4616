using NotificationBus.Chaos.Witnesses;
using NotificationBus.IntegrationTests.Servers;
using Npgsql;

namespace NotificationBus.Chaos;

/// <summary>Where one situation happens: its own virtual host, database and providers, and any number of hosts.</summary>
sealed class Arena : IAsyncDisposable
{
    static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);
    static readonly TimeSpan Silence = TimeSpan.FromSeconds(3);

    // So that what takes a time limit to happen happens soon.
    const string Impatience = ";Command Timeout=5";

    readonly List<HostSlot> _slots = [];
    readonly NpgsqlDataSource _record;
    readonly PostgresPair? _pair;
    readonly RabbitMqCluster? _cluster;
    readonly RabbitMqServer? _ownBroker;
    int _poison;

    Arena(
        RabbitMqServer broker,
        RabbitMqCluster? cluster,
        bool isOwnBroker,
        Uri virtualHost,
        PostgresServer postgres,
        PostgresPair? pair,
        string database,
        Situation situation
    )
    {
        Broker = broker;
        _cluster = cluster;
        _ownBroker = isOwnBroker ? broker : null;
        _pair = pair;
        Postgres = postgres;
        VirtualHost = virtualHost;
        Database = database;
        var record = new NpgsqlConnectionStringBuilder(database) { Pooling = false };
        if (pair is not null)
            record.TargetSessionAttributes = "primary";
        _record = NpgsqlDataSource.Create(record);
        A = new HttpWitness("a", Witness);
        B = new HttpWitness("b", Witness);
        Mail = new MailWitness(Witness);
        Bus = new BusProducer(cluster?.Ways(virtualHost) ?? [virtualHost], Requests);
        Settings = new(StringComparer.Ordinal)
        {
            ["Channels:push:Providers"] = "a",
            ["Channels:email:Providers"] = "mail",
            // A run must come to its end.
            ["Redelivery:FirstDelay"] = "00:00:01",
            ["Redelivery:LongestDelay"] = "00:00:05",
            ["Channels:webhook:RedeliveryDelays"] = "00:00:01,00:00:05",
            ["Serilog:MinimumLevel:Default"] = "Error",
        };
        foreach (var (key, value) in A.Settings.Concat(B.Settings).Concat(Mail.Settings).Concat(situation.Settings))
            Settings[key] = value;
    }

    public RabbitMqServer Broker { get; }

    public PostgresServer Postgres { get; }

    /// <summary>The standby of <see cref="Postgres"/>, in a situation that has one.</summary>
    public PostgresServer Standby => _pair?.Standby ?? throw new InvalidOperationException("The situation has no standby.");

    /// <summary>The nodes, of which <see cref="Broker"/> is the first, in a situation that has several.</summary>
    public RabbitMqCluster Cluster => _cluster ?? throw new InvalidOperationException("The situation has no cluster.");

    public Uri VirtualHost { get; }

    public string Database { get; }

    /// <summary>What the providers saw.</summary>
    public Witness Witness { get; } = new();

    /// <summary>What was asked for.</summary>
    public Requests Requests { get; } = new();

    /// <summary>The first provider of the push channel.</summary>
    public HttpWitness A { get; }

    /// <summary>The second, for whoever configures it.</summary>
    public HttpWitness B { get; }

    /// <summary>The provider of the e-mail channel.</summary>
    public MailWitness Mail { get; }

    /// <summary>Publishes events.</summary>
    public BusProducer Bus { get; }

    /// <summary>What every host is started with.</summary>
    public Dictionary<string, string> Settings { get; }

    /// <summary>How many processes and servers were killed.</summary>
    public int Kills => OtherKills + _slots.Sum(slot => slot.Kills);

    /// <summary>Kills of servers.</summary>
    public int OtherKills { get; set; }

    /// <summary>How many messages were published that nobody can process.</summary>
    public int Poison => _poison;

    /// <summary>How many notifications have come to an end or are held, as last seen.</summary>
    public long Settled { get; private set; }

    public static async Task<Arena> Create(OwnServers servers, Situation situation)
    {
        var pair = situation.HasStandby ? await PostgresPair.Start() : null;
        var cluster = situation.HasCluster ? await RabbitMqCluster.Start() : null;
        var broker = cluster?.Nodes[0] ?? (situation.HasManagement ? await RabbitMqServer.Start(management: true) : servers.Broker);
        var arena = new Arena(
            broker,
            cluster,
            situation.HasManagement,
            await broker.CreateVirtualHost(),
            pair?.Primary ?? servers.Postgres,
            pair,
            pair?.Database ?? await servers.Postgres.CreateDatabase(),
            situation
        );
        await arena.A.Open();
        await arena.B.Open();
        return arena;
    }

    /// <summary>Starts a host in those roles and completes when it is ready.</summary>
    public async Task<HostSlot> Start(string roles, IReadOnlyDictionary<string, string>? also = null)
    {
        var slot = new HostSlot(
            roles,
            r =>
            {
                var settings = new Dictionary<string, string>(Settings, StringComparer.Ordinal) { ["Roles"] = r };
                foreach (var (key, value) in also ?? new Dictionary<string, string>(StringComparer.Ordinal))
                    settings[key] = value;
                return HostProcess.Start(
                    _cluster?.Address(VirtualHost) ?? $"{VirtualHost}",
                    _pair is null ? Database : Database + Impatience,
                    settings
                );
            }
        );
        _slots.Add(slot);
        await slot.Start();
        return slot;
    }

    /// <summary>Notes that a message was published that nobody can process.</summary>
    public void PoisonIsAdded() => Interlocked.Increment(ref _poison);

    /// <summary>
    /// Kills a host and starts another, again and again, until the work is done and everything asked for has come to its end.
    /// </summary>
    public async Task KillRepeatedly(HostSlot slot, TimeSpan every, Task work)
    {
        while (!work.IsCompleted || !await IsSettled())
        {
            await Task.Delay(every);
            // What is in doubt waits for its lease: killing whoever waits would only make the run longer.
            if (work.IsCompleted && Clock.Now - LastCall() > Silence)
                break;

            await slot.Kill();
            await slot.Start();
        }

        await work;
    }

    /// <summary>Waits until everything accepted has come to an end or is held, and gives up when nothing has moved for long.</summary>
    public async Task Settle(TimeSpan? patience = null)
    {
        var lastMove = Clock.Now;
        var (settled, calls) = (-1L, -1);
        while (!await IsSettled() && Clock.Now - lastMove < (patience ?? TimeSpan.FromSeconds(60)))
        {
            if (settled != Settled || calls != Witness.Calls.Count)
                lastMove = Clock.Now;
            (settled, calls) = (Settled, Witness.Calls.Count);
            await Task.Delay(Interval);
        }
    }

    /// <summary>Waits until a condition holds; false when it does not in time.</summary>
    public static async Task<bool> Until(Func<bool> condition, TimeSpan within)
    {
        var giveUp = Clock.Now + within;
        while (!condition())
        {
            if (Clock.Now > giveUp)
                return false;
            await Task.Delay(Interval);
        }

        return true;
    }

    /// <summary>Ends all hosts in good order, so that what they have in hand is finished before it is counted.</summary>
    public async Task StopHosts()
    {
        foreach (var slot in _slots)
            await slot.Terminate();
    }

    /// <summary>Asks the record.</summary>
    public async Task<List<T>> Query<T>(string sql, Func<NpgsqlDataReader, T> read)
    {
        await using var command = _record.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<T>();
        while (await reader.ReadAsync())
            rows.Add(read(reader));
        return rows;
    }

    public async Task<long> Count(string sql) => (await Query(sql, row => row.GetInt64(0))).Single();

    /// <summary>Messages where none should be: what failed, what nobody understood, what the broker gave up on.</summary>
    public async Task<long> Strays()
    {
        string[] channels = ["email", "push", "sms", "chat", "webhook"];
        string[] working =
        [
            "notifications",
            "notifications-bulk",
            "receipts",
            .. channels.SelectMany(channel => (string[])[$"send-{channel}", $"send-{channel}-bulk"]),
        ];
        var found = await Messages([
            .. working.SelectMany(queue => (string[])[$"{queue}_error", $"{queue}_skipped"]),
            "notifications-failed",
            "notifications-dead-letters",
        ]);
        if (await Count("SELECT count(*) FROM pg_class WHERE relname = 'failed_message'") > 0)
            found += await Count("SELECT count(*) FROM failed_message");
        return found;
    }

    /// <summary>How many messages wait in these queues; none in one that is not there.</summary>
    public Task<long> Messages(params IReadOnlyList<string> queues) => Queues.Messages(VirtualHost, queues);

    public async ValueTask DisposeAsync()
    {
        foreach (var slot in _slots)
            await slot.DisposeAsync();
        await A.DisposeAsync();
        await B.DisposeAsync();
        await Mail.DisposeAsync();
        await _record.DisposeAsync();
        if (_pair is not null)
            await _pair.DisposeAsync();
        if (_cluster is not null)
            await _cluster.DisposeAsync();
        if (_ownBroker is not null)
            await _ownBroker.DisposeAsync();
    }

    public string LastWords() => string.Join('\n', _slots.Select(slot => slot.LastWords()).Where(words => words.Length > 0));

    DateTimeOffset LastCall() => Witness.Calls.LastOrDefault()?.Received ?? Clock.Now;

    async Task<bool> IsSettled()
    {
        try
        {
            Settled = await Count("SELECT count(*) FROM notification_overview WHERE completed_at IS NOT NULL OR status = 'held'");
            return Settled >= Requests.Accepted.Count;
        }
        catch (NpgsqlException)
        {
            return false; // The server is away, or no host has made the tables yet.
        }
    }
}
