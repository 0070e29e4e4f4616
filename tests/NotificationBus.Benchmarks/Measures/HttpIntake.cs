using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using NotificationBus.Access;
using NotificationBus.Benchmarks.Contenders;
using NotificationBus.Benchmarks.Load;
using NotificationBus.IntegrationTests.Servers;
using NotificationBus.Model;

namespace NotificationBus.Benchmarks.Measures;

/// <summary>One round of calls that each ask for one notification. Processor times are for each call.</summary>
/// <param name="Contender">Who.</param>
/// <param name="Calls">How many were answered with 2xx: all of them.</param>
/// <param name="Seconds">From the first call to the last answer.</param>
/// <param name="PerSecond">How many of them a second.</param>
/// <param name="ProgramCpuMs">Processor time of the process that was called.</param>
/// <param name="BrokerCpuMs">Processor time of RabbitMQ.</param>
/// <param name="DatabaseCpuMs">Processor time of PostgreSQL.</param>
/// <param name="PerSecondOfCore">How many calls a second one core could take, if program and servers had it to themselves.</param>
sealed record IntakeRound(
    string Contender,
    int Calls,
    double Seconds,
    double PerSecond,
    double ProgramCpuMs,
    double BrokerCpuMs,
    double DatabaseCpuMs,
    double PerSecondOfCore
);

/// <summary>Who is called, and with what key.</summary>
sealed record IntakeEntrant(string Name, Contender Contender, IReadOnlyDictionary<string, string>? Settings = null, string? Key = null)
{
    /// <summary>The names in the table.</summary>
    public const string Bare = "bare";
    public const string WithoutKeys = "notificationbus";
    public const string WithKeys = "with keys";

    /// <summary>The endpoint of one row, and NotificationBus without and with keys.</summary>
    public static IReadOnlyList<IntakeEntrant> All()
    {
        // Of the application that calls without a key belong to as well, so that nothing but the check differs.
        var key = KeyText.New(Applications.Default).Reveal();
        return
        [
            new(Bare, new BareContender()),
            new(WithoutKeys, new NotificationBusContender(), Ours("None")),
            new(WithKeys, new NotificationBusContender(), Ours("Keys", ("Auth:FirstKey", key)), key),
        ];
    }

    static Dictionary<string, string> Ours(string mode, params (string Name, string Value)[] more)
    {
        var settings = more.ToDictionary(setting => setting.Name, setting => setting.Value, StringComparer.Ordinal);
        settings["Auth:Mode"] = mode;
        // One caller calls as fast as it can, which the limits are there to prevent. They count all the same.
        settings["RateLimits:CallsPerKey"] = settings["RateLimits:CallsPerApplication"] = "10000000";
        return settings;
    }
}

/// <summary>
/// Calls over HTTP, as many as 16 connections can have answered one after the other. NotificationBus takes them in a process with
/// <c>Roles=api</c>; the one that works on what was taken is stopped during a round, and has to complete all of it before the next one.
/// </summary>
sealed class HttpIntake : IAsyncDisposable
{
    const int Connections = 16;
    static readonly TimeSpan RestLimit = TimeSpan.FromSeconds(10);
    static readonly Uri Path = new("/v1/notifications", UriKind.Relative);

    readonly IntakeEntrant _entrant;
    readonly Stand _stand;
    readonly HostProcess? _worker;
    readonly HttpClient _client;

    HttpIntake(IntakeEntrant entrant, Stand stand, HostProcess? worker)
    {
        _entrant = entrant;
        _stand = stand;
        _worker = worker;
        _client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = Connections }) { BaseAddress = stand.Running.Address };
        if (entrant.Key is not null)
            _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", entrant.Key);
    }

    /// <summary>Starts a contender, and calls it for some time.</summary>
    public static async Task<HttpIntake> Open(OwnServers servers, IntakeEntrant entrant, TimeSpan warmUp)
    {
        var stand = await Stand.Open(servers, entrant.Contender, With("api"));
        HostProcess? worker = null;
        try
        {
            if (With("worker") is { } settings)
                worker = await HostProcess.Start(stand.VirtualHost, stand.ConnectionString, Quiet(settings));
            var intake = new HttpIntake(entrant, stand, worker);
            await intake.Run(warmUp);
            return intake;
        }
        catch
        {
            if (worker is not null)
                await worker.DisposeAsync();
            await stand.DisposeAsync();
            throw;
        }

        Dictionary<string, string>? With(string role) =>
            entrant.Settings is null ? null : new Dictionary<string, string>(entrant.Settings, StringComparer.Ordinal) { ["Roles"] = role };

        static Dictionary<string, string> Quiet(Dictionary<string, string> settings) =>
            new(settings, StringComparer.Ordinal) { ["Serilog:MinimumLevel:Default"] = "Warning" };
    }

    /// <summary>Calls for so long, and then waits until all that was taken is on record.</summary>
    /// <exception cref="IncompleteException">A call was refused, or what was taken is not on record.</exception>
    public async Task<IntakeRound> Run(TimeSpan time)
    {
        try
        {
            await _stand.Record.Checkpoint();
            await UntilServersRest();
            var started = Clock.Now;
            var round = await Measure(time);
            await UntilRecorded(round.Calls, started);
            return round;
        }
        catch (Exception failed) when (failed is IncompleteException or TimeoutException or HttpRequestException)
        {
            throw new IncompleteException($"{_entrant.Name}: {failed.Message}\n{_stand.Running.LastWords}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        if (_worker is not null)
            await _worker.DisposeAsync();
        await _stand.DisposeAsync();
    }

    async Task<IntakeRound> Measure(TimeSpan time)
    {
        _worker?.Freeze();
        try
        {
            var before = await Usage.Of(_stand.Running, _stand.Servers);
            var clock = Stopwatch.StartNew();
            var calls = (await Task.WhenAll(Enumerable.Range(0, Connections).Select(_ => CallFor(time)))).Sum();
            var seconds = clock.Elapsed.TotalSeconds;
            var after = await Usage.Of(_stand.Running, _stand.Servers);

            var program = (after.Program - before.Program).TotalMilliseconds / calls;
            var broker = (after.Broker - before.Broker).TotalMilliseconds / calls;
            var database = (after.Database - before.Database).TotalMilliseconds / calls;
            var perCore = 1000 / (program + broker + database);
            return new IntakeRound(_entrant.Name, calls, seconds, calls / seconds, program, broker, database, perCore);
        }
        finally
        {
            _worker?.Thaw();
        }
    }

    /// <summary>
    /// Waits until the servers have done what the contender before left to them, such as clearing a queue. Others who use the machine may
    /// slow that down, so it waits for a tenth of a core, and not for ever.
    /// </summary>
    async Task UntilServersRest()
    {
        var look = TimeSpan.FromMilliseconds(500);
        var clock = Stopwatch.StartNew();
        for (var before = Busy(); clock.Elapsed < RestLimit; )
        {
            await Task.Delay(look);
            var now = Busy();
            if (now - before < look / 10)
                return;
            before = now;
        }
    }

    TimeSpan Busy() => ProcessTree.ProcessorTime(_stand.Servers.Broker.Id) + ProcessTree.ProcessorTime(_stand.Servers.Postgres.Id);

    async Task<int> CallFor(TimeSpan time)
    {
        var clock = Stopwatch.StartNew();
        var calls = 0;
        for (; clock.Elapsed < time; calls++)
        {
            using var body = Body();
            using var answer = await _client.PostAsync(Path, body);
            if (!answer.IsSuccessStatusCode)
                throw new IncompleteException($"answered {(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
        }

        return calls;
    }

    async Task UntilRecorded(int calls, DateTimeOffset since)
    {
        if (_worker is not null)
            await _stand.Record.UntilCompleted(calls, since);
        var recorded = await _stand.Record.Scalar<long>("SELECT count(*) FROM notification WHERE created_at >= $1", since);
        if (recorded != calls)
            throw new IncompleteException($"{recorded} of {calls} notifications are on record");
    }

    /// <summary>A reader of its own for each call: how often one address is written to has a limit.</summary>
    static ByteArrayContent Body()
    {
        var reader = $"reader-{Guid.CreateVersion7():N}";
        return new ByteArrayContent(
            Encoding.UTF8.GetBytes(
                $$$"""
                {"category":"announcement","recipient":{"id":"{{{reader}}}","locale":"en","pushTokens":["{{{reader}}}-phone"]},
                 "data":{"title":"New opening hours","text":"We are open on Sunday."}}
                """
            )
        )
        {
            Headers = { ContentType = new MediaTypeHeaderValue("application/json") },
        };
    }
}
