using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace NotificationBus.IntegrationTests.Servers;

/// <summary>
/// A RabbitMQ of our own: own node name, ports, cookie, data and port mapper (epmd), on loopback only. It can be killed, frozen and
/// restarted without anybody else noticing, and keeps its port and its data over a restart.
/// </summary>
sealed class RabbitMqServer : IBroker
{
    const string User = "notificationbus";

    static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(4);

    // It starts for five seconds, and a client that is refused takes as much processor time as one that is let in.
    static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(250);

    static readonly string? ServerProgram = Installed.Program("rabbitmq-server", "/usr/lib/rabbitmq/bin");
    static readonly string? PortMapperProgram = Installed.Program("epmd", "/usr/lib/erlang/bin");
    static readonly string? CallProgram = Installed.Program("erl_call", "/usr/lib/erlang/bin");

    /// <summary>So long a node of a cluster may be silent before the others go on without it.</summary>
    public static readonly TimeSpan GivenUpAfter = TimeSpan.FromSeconds(10);

    static int s_nodes;

    readonly TemporaryFolder _folder = new();
    readonly string _node = $"nbtest-{Environment.ProcessId}-{Interlocked.Increment(ref s_nodes)}@localhost";
    readonly string _password;
    readonly string _cookie;
    readonly int _port = FreePort.Take();
    readonly int _portMapperPort;
    readonly int _managementPort = FreePort.Take();
    readonly int _encryptedPort = FreePort.Take();
    readonly Dictionary<string, string?> _environment;
    readonly ChildProcess? _portMapper;
    ChildProcess? _server;
    bool _frozen;
    int _virtualHosts;

    RabbitMqServer(Equipment equipment, RabbitMqServer? first = null)
    {
        (_password, _cookie, _portMapperPort) = first is null
            ? (RandomNumberGenerator.GetHexString(32), RandomNumberGenerator.GetHexString(32), FreePort.Take())
            : (first._password, first._cookie, first._portMapperPort);
        _environment = Settings(equipment, first);
        // Started by us, in the foreground, because the one that Erlang would start by itself outlives it.
        _portMapper = first is null ? ChildProcess.Start([PortMapperProgram!], _environment) : null;
    }

    /// <summary>Whether this machine has what <see cref="Start"/> needs.</summary>
    public static bool IsInstalled => ServerProgram is not null && PortMapperProgram is not null && CallProgram is not null;

    /// <summary>The virtual host every broker is born with.</summary>
    public Uri Uri => VirtualHost("%2F");

    /// <summary>What the node is called in its cluster.</summary>
    public string Node => _node;

    /// <summary>Host and port, as one of several in the address of a cluster.</summary>
    public string Address => $"127.0.0.1:{_port}";

    /// <summary>The way to a virtual host by this node, given that by another.</summary>
    public Uri ByThisNode(Uri virtualHost) => new UriBuilder(virtualHost) { Port = _port }.Uri;

    /// <summary>Where its management plug-in answers, when it was started with it.</summary>
    public Uri ManagementUrl => new($"http://127.0.0.1:{_managementPort}");

    /// <summary>The way to a virtual host over TLS, when it was started with a certificate.</summary>
    public Uri Encrypted(Uri virtualHost) => new UriBuilder(virtualHost) { Scheme = "amqps", Port = _encryptedPort }.Uri;

    /// <summary>The server's process, the parent of all its others.</summary>
    public int Id => Server.Id;

    ChildProcess Server => _server ?? throw new InvalidOperationException("The broker was never started.");

    /// <summary>Starts a broker and completes when it takes connections.</summary>
    /// <param name="management">With its management plug-in, at <see cref="ManagementUrl"/>.</param>
    /// <param name="certificate">Also speaks TLS, at <see cref="Encrypted"/>.</param>
    public static Task<RabbitMqServer> Start(bool management = false, ServerCertificate? certificate = null) =>
        StartEquipped(new Equipment(management, certificate));

    /// <summary>Starts a node of a cluster: the first one, or another that joins it, and lives no longer than its port mapper.</summary>
    internal static Task<RabbitMqServer> StartNode(RabbitMqServer? first = null) => StartEquipped(new Equipment(IsClustered: true), first);

    static async Task<RabbitMqServer> StartEquipped(Equipment equipment, RabbitMqServer? first = null)
    {
        if (!IsInstalled)
            throw ServersMissing.ToBeKilled("RabbitMQ");

        try
        {
            return await StartOnce(equipment, first);
        }
        catch (InvalidOperationException)
        {
            // It ended before it took connections, and its script says 0 whatever the reason. One is no fault of anybody: its ports
            // were free when they were chosen and taken when it got to them. Once more, on others; a second time is a failure.
            return await StartOnce(equipment, first);
        }
    }

    static async Task<RabbitMqServer> StartOnce(Equipment equipment, RabbitMqServer? first)
    {
        var server = new RabbitMqServer(equipment, first);
        try
        {
            await server.Run();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    async Task Run()
    {
        // A node that does not find the port mapper starts one of its own, which then is in the way of ours, or gives up. That of a cluster
        // is there.
        if (_portMapper is not null)
            await _portMapper.Until("the first connection", StartLimit, PortMapperAnswers);
        _server = ChildProcess.Start([ServerProgram!], _environment);
        await IsReady();
    }

    async Task<bool> PortMapperAnswers()
    {
        try
        {
            using var connection = new TcpClient();
            await connection.ConnectAsync(IPAddress.Loopback, _portMapperPort);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    public async Task<Uri> CreateVirtualHost()
    {
        var name = $"test-{Interlocked.Increment(ref _virtualHosts)}";
        await Evaluate(
            $"""
            rabbit_vhost:add(<<"{name}">>, <<"{User}">>).
            rabbit_auth_backend_internal:set_permissions(<<"{User}">>, <<"{name}">>, <<".*">>, <<".*">>, <<".*">>, <<"{User}">>).
            """
        );
        return VirtualHost(name);
    }

    /// <summary>Lets another user in, who may do everything in a virtual host.</summary>
    /// <returns>The virtual host as that user reaches it.</returns>
    public async Task<Uri> CreateUser(string name, Uri virtualHost)
    {
        var host = Uri.UnescapeDataString(virtualHost.AbsolutePath[1..]);
        await Evaluate(
            $"""
            catch rabbit_auth_backend_internal:add_user(<<"{name}">>, <<"{name}">>, <<"{User}">>).
            rabbit_auth_backend_internal:set_permissions(<<"{name}">>, <<"{host}">>, <<".*">>, <<".*">>, <<".*">>, <<"{User}">>).
            """
        );
        return new UriBuilder(virtualHost) { UserName = name, Password = name }.Uri;
    }

    /// <summary>Runs a script that makes a user with <c>rabbitmqctl</c>.</summary>
    /// <returns>The virtual host as that user reaches it.</returns>
    public async Task<Uri> CreateUser(string script, string kind, string name, Uri virtualHost)
    {
        var environment = new Dictionary<string, string?>(_environment, StringComparer.Ordinal)
        {
            ["RABBITMQCTL"] = Installed.Program("rabbitmqctl", "/usr/lib/rabbitmq/bin"),
            ["PASSWORD"] = name,
        };
        await ChildProcess.Run(["bash", script, kind, name, NameOf(virtualHost)], environment);
        return new UriBuilder(virtualHost) { UserName = name, Password = name }.Uri;
    }

    /// <summary>Says what a user may declare in a virtual host; he may still read and write everything.</summary>
    public Task LetDeclare(string user, Uri virtualHost, string pattern) =>
        Evaluate(
            $"rabbit_auth_backend_internal:set_permissions(<<\"{user}\">>, <<\"{NameOf(virtualHost)}\">>, <<\"{pattern}\">>, <<\".*\">>, "
                + $"<<\".*\">>, <<\"{User}\">>)."
        );

    /// <summary>Gives a user a tag, such as the one that lets into the management plug-in.</summary>
    public Task Tag(string user, string tag) =>
        Evaluate($"rabbit_auth_backend_internal:set_tags(<<\"{user}\">>, [{tag}], <<\"{User}\">>).");

    /// <summary>
    /// Ends the broker as a power cut would, some time after its queues were declared. One that is frozen first is to
    /// <see cref="WriteDownDeclarations"/> before that.
    /// </summary>
    public async Task Kill()
    {
        if (!_frozen && !Server.Exit.IsCompleted)
            await WriteDownDeclarations();

        await Server.Kill();
    }

    /// <summary>
    /// Has it write to disk at once which queues and bindings there are. RabbitMQ before 2024 (rabbitmq/ra#443) writes the name of a new
    /// quorum queue half a second late, and comes back with an empty one in its place; the log of its tables keeps bindings back for two
    /// seconds (Erlang's disk_log). The messages are left to the broker's own care.
    /// </summary>
    public async Task WriteDownDeclarations()
    {
        await Evaluate("[dets:sync(Table) || Table <- dets:all()].");
        await Evaluate("mnesia:sync_log().");
    }

    /// <summary>Ends the broker in good order.</summary>
    public Task Stop() => Server.Terminate(StartLimit);

    /// <summary>
    /// Starts the broker again on its port and its data, after <see cref="Kill"/>, after <see cref="Stop"/>, or in good order.
    /// </summary>
    public async Task Restart()
    {
        await Stop();
        await Server.DisposeAsync();
        _frozen = false;
        await Run();
    }

    /// <summary>Raises the memory alarm: publishers are no longer read from, and connections stay open.</summary>
    public Task BlockPublishers() => Evaluate("vm_memory_monitor:set_vm_memory_high_watermark(0).");

    /// <summary>Takes the memory alarm back.</summary>
    public Task UnblockPublishers() => Evaluate("vm_memory_monitor:set_vm_memory_high_watermark({absolute, \"1GB\"}).");

    /// <summary>Closes every connection, as <c>rabbitmqctl close_all_connections</c> does.</summary>
    public Task CloseConnections() =>
        Evaluate(
            "[catch rabbit_networking:close_connection(Connection, <<\"an operator closes them\">>) || Connection <- "
                + "rabbit_networking:connections()]."
        );

    /// <summary>
    /// Sets how long a consumer may hold a message before its channel is closed, and how often that is looked at, for channels that are
    /// opened from then on.
    /// </summary>
    public Task SetConsumerTimeout(TimeSpan timeout, TimeSpan interval) =>
        Evaluate(
            $"""
            application:set_env(rabbit, consumer_timeout, {(long)timeout.TotalMilliseconds}).
            application:set_env(rabbit, channel_tick_interval, {(long)interval.TotalMilliseconds}).
            """
        );

    /// <summary>Completes with the first line of its log that is wanted.</summary>
    public Task<string> Line(Func<string, bool> wanted) => Server.Output.Line(wanted);

    /// <summary>The bindings of a virtual host, source and destination, without those of the default exchange.</summary>
    public async Task<IReadOnlyList<(string Source, string Kind, string Destination)>> Bindings(Uri virtualHost)
    {
        var file = Path.Combine(_folder.Path, "bindings");
        await Evaluate(
            $$"""
            file:write_file("{{file}}", [io_lib:format("~s ~s ~s~n", [S, K, D])
              || {binding, {resource, _, exchange, S}, _, {resource, _, K, D}, _} <- rabbit_binding:list(<<"{{NameOf(virtualHost)}}">>),
                S =/= <<>>]).
            """
        );
        return [.. (await File.ReadAllLinesAsync(file)).Select(line => line.Split(' ')).Select(words => (words[0], words[1], words[2]))];
    }

    /// <summary>The exchanges of a virtual host, without those it is born with.</summary>
    public async Task<IReadOnlyList<string>> Exchanges(Uri virtualHost)
    {
        var file = Path.Combine(_folder.Path, "exchanges");
        await Evaluate(
            $$"""
            file:write_file("{{file}}", [io_lib:format("~s~n", [N])
              || {resource, V, exchange, N} <- rabbit_exchange:list_names(), V =:= <<"{{NameOf(virtualHost)}}">>, N =/= <<>>]).
            """
        );
        return
        [
            .. (await File.ReadAllLinesAsync(file))
                .Where(name => !name.StartsWith("amq.", StringComparison.Ordinal))
                .Distinct(StringComparer.Ordinal),
        ];
    }

    /// <summary>
    /// Waits until a quorum queue has written down that all its messages are done; those in somebody's hands do not count as waiting.
    /// </summary>
    public async Task HasNothingLeft(Uri virtualHost, string queue, TimeSpan within)
    {
        var waiting = Stopwatch.StartNew();
        var file = Path.Combine(_folder.Path, "left");
        do
        {
            if (waiting.Elapsed > within)
                throw new TimeoutException($"{queue} is not done with its messages after {within}");

            await Evaluate(
                $$"""
                {ok, Queue} = rabbit_amqqueue:lookup(rabbit_misc:r(<<"{{NameOf(virtualHost)}}">>, queue, <<"{{queue}}">>)).
                {ok, {_, Left}, _} = ra:local_query(amqqueue:get_pid(Queue), fun rabbit_fifo:query_messages_total/1).
                file:write_file("{{file}}", integer_to_list(Left)).
                """
            );
        } while (await File.ReadAllTextAsync(file) is not "0");
    }

    /// <summary>The node that leads a quorum queue now.</summary>
    public async Task<string> LeaderOf(Uri virtualHost, string queue)
    {
        var file = Path.Combine(_folder.Path, "leader");
        await Evaluate(
            $$$"""
            {ok, Queue} = rabbit_amqqueue:lookup(rabbit_misc:r(<<"{{{NameOf(virtualHost)}}}">>, queue, <<"{{{queue}}}">>)).
            {ok, _, {_, Leader}} = ra:members(amqqueue:get_pid(Queue)).
            file:write_file("{{{file}}}", atom_to_list(Leader)).
            """
        );
        return await File.ReadAllTextAsync(file);
    }

    /// <summary>
    /// How many quorum queues could not spare one more node, as this node sees it, and how many nodes run in its cluster.
    /// </summary>
    public async Task<(int Queues, int Nodes)> QueuesInDanger()
    {
        var file = Path.Combine(_folder.Path, "danger");
        await Evaluate(
            $$"""
            file:write_file("{{file}}", io_lib:format("~b ~b",
              [length(rabbit_quorum_queue:list_with_minimum_quorum()), length(rabbit_nodes:all_running())])).
            """
        );
        var words = (await File.ReadAllTextAsync(file)).Split(' ');
        return (int.Parse(words[0], CultureInfo.InvariantCulture), int.Parse(words[1], CultureInfo.InvariantCulture));
    }

    /// <summary>Sets a policy, as an operator does. The definition is Erlang: <c>[{&lt;&lt;"max-length"&gt;&gt;, 5}]</c>.</summary>
    public Task SetPolicy(Uri virtualHost, string name, string pattern, string definition, bool ofTheOperator = false) =>
        Evaluate(
            $$"""
            rabbit_policy:{{(ofTheOperator ? "set_op" : "set")}}(<<"{{NameOf(
                virtualHost
            )}}">>, <<"{{name}}">>, <<"{{pattern}}">>, {{definition}}, 0, <<"queues">>, <<"{{User}}">>).
            """
        );

    /// <summary>Clears a policy.</summary>
    public Task ClearPolicy(Uri virtualHost, string name, bool ofTheOperator = false) =>
        Evaluate(
            $"rabbit_policy:{(ofTheOperator ? "delete_op" : "delete")}(<<\"{NameOf(virtualHost)}\">>, <<\"{name}\">>, <<\"{User}\">>)."
        );

    /// <summary>How many messages it has taken from publishers since it was started.</summary>
    public async Task<long> MessagesTaken()
    {
        var file = Path.Combine(_folder.Path, "taken");
        await Evaluate(
            $"""
            file:write_file("{file}", integer_to_list(lists:sum([maps:get(messages_received_total, Counters, 0)
              || Counters <- maps:values(rabbit_global_counters:overview())]))).
            """
        );
        return long.Parse(await File.ReadAllTextAsync(file), CultureInfo.InvariantCulture);
    }

    public void Freeze()
    {
        _frozen = true;
        Server.Freeze();
    }

    public void Thaw()
    {
        Server.Thaw();
        _frozen = false;
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();

        if (_portMapper is not null)
            await _portMapper.DisposeAsync();
        _folder.Dispose();
    }

    /// <summary>
    /// Asks over Erlang's own protocol, in some 20 ms; rabbitmqctl would boot a virtual machine first, for a second or two.
    /// </summary>
    async Task Evaluate(string expressions)
    {
        var file = _folder.Write($"{Guid.CreateVersion7():N}.erl", expressions + "\n");
        var answer = await Call(file);
        if (answer is not "ok")
            throw new InvalidOperationException($"{_node} answered {answer} to {expressions}");
    }

    async Task<string> Call(string file)
    {
        // It gives a node that is busy a few seconds to answer and no more. What is evaluated here may be evaluated twice.
        const int Tries = 5;
        for (var number = 1; ; number++)
        {
            try
            {
                return await ChildProcess.Run([CallProgram!, "-sname", _node, "-a", $"file eval [\"{file}\"]"], _environment);
            }
            catch (InvalidOperationException) when (number < Tries && !Server.Exit.IsCompleted)
            {
                await Task.Delay(TimeSpan.FromSeconds(1));
            }
        }
    }

    static string NameOf(Uri virtualHost) => Uri.UnescapeDataString(virtualHost.AbsolutePath[1..]);

    Uri VirtualHost(string name) => new($"amqp://{User}:{_password}@127.0.0.1:{_port}/{name}");

    Task IsReady() =>
        Server.Until(
            "the first connection",
            StartLimit,
            async () =>
            {
                try
                {
                    await using var connection = await new ConnectionFactory { Uri = Uri }.CreateConnectionAsync();
                    return true;
                }
                catch (BrokerUnreachableException)
                {
                    await Task.Delay(LookAgain);
                    return false;
                }
            }
        );

    Dictionary<string, string?> Settings(Equipment equipment, RabbitMqServer? first)
    {
        var (management, certificate, isClustered) = equipment;
        var home = _folder.Folder("home");
        var cookie = Path.Combine(home, ".erlang.cookie");
        File.WriteAllText(cookie, _cookie);
        File.SetUnixFileMode(cookie, UnixFileMode.UserRead); // Erlang refuses a cookie that others may read.

        var settings = Environment
            .GetEnvironmentVariables()
            .Keys.Cast<string>()
            .Where(name => name.StartsWith("RABBITMQ_", StringComparison.Ordinal))
            .ToDictionary(name => name, _ => (string?)null, StringComparer.Ordinal);
        settings["HOME"] = home;
        settings["ERL_EPMD_ADDRESS"] = "127.0.0.1";
        settings["ERL_EPMD_PORT"] = $"{_portMapperPort}";
        settings["RABBITMQ_NODENAME"] = _node;
        settings["RABBITMQ_DIST_PORT"] = $"{FreePort.Take()}";
        // Erlang's schedulers spin for a while before they sleep, and each of the hundreds of queues the tests leave behind looks after
        // itself every five seconds. A machine with two cores has better use for them.
        settings["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] =
            "-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +sbwtdcpu none +sbwtdio none -rabbit quorum_tick_interval "
            + $"{(management ? 1000 : isClustered ? 5000 : 60000)}"
            + (isClustered ? $" -kernel net_ticktime {GivenUpAfter.TotalSeconds}" : "");
        settings["RABBITMQ_CONF_ENV_FILE"] = _folder.Write("rabbitmq-env.conf", ""); // Not the machine's.
        settings["RABBITMQ_ENABLED_PLUGINS_FILE"] = _folder.Write("enabled_plugins", management ? "[rabbitmq_management]." : "[].");
        settings["RABBITMQ_MNESIA_BASE"] = _folder.Folder("data");
        settings["RABBITMQ_LOG_BASE"] = _folder.Folder("log");
        settings["RABBITMQ_GENERATED_CONFIG_DIR"] = _folder.Folder("config");
        settings["RABBITMQ_PID_FILE"] = Path.Combine(_folder.Path, "pid");
        settings["RABBITMQ_CONFIG_FILE"] = _folder.Write(
            "rabbitmq.conf",
            $"""
            listeners.tcp.1 = 127.0.0.1:{_port}
            default_user = {User}
            default_pass = {_password}
            log.console = true
            log.console.level = info
            log.file = false
            disk_free_limit.absolute = 50MB
            vm_memory_high_watermark.absolute = 1GB
            raft.wal_max_size_bytes = 64000000
            {(management ? $"management.tcp.ip = 127.0.0.1\nmanagement.tcp.port = {_managementPort}" : "")}
            {(
                certificate is null
                    ? ""
                    : $"listeners.ssl.1 = 127.0.0.1:{_encryptedPort}\nssl_options.certfile = {certificate.File}\n"
                        + $"ssl_options.keyfile = {certificate.KeyFile}"
            )}
            {(isClustered ? "cluster_partition_handling = autoheal" : "")}
            {(
                first is null
                    ? ""
                    : $"cluster_formation.peer_discovery_backend = classic_config\ncluster_formation.classic_config.nodes.1 = {first._node}"
            )}

            """
        );
        return settings;
    }

    /// <summary>What a broker is started with.</summary>
    sealed record Equipment(bool Management = false, ServerCertificate? Certificate = null, bool IsClustered = false);
}
