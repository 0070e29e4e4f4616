using System.Globalization;
using System.Security.Cryptography;
using Npgsql;

namespace NotificationBus.IntegrationTests.Servers;

/// <summary>
/// A PostgreSQL of our own: own data folder, port and password, on loopback only, as durable as a real one. It can be killed, frozen
/// and restarted without anybody else noticing, and keeps its port and its data over a restart.
/// </summary>
sealed class PostgresServer : IDatabaseServer
{
    const string User = "notificationbus";

    static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(4);
    static readonly string? CreateClusterProgram = Installed.Program("initdb", Programs());
    static readonly string? ServerProgram = Installed.Program("postgres", Programs());
    static readonly string? CopyProgram = Installed.Program("pg_basebackup", Programs());

    /// <summary>PostgreSQL refuses to run as root, and the packages come with a user for it.</summary>
    static readonly string[] AsItsUser = Environment.IsPrivilegedProcess
        ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--"]
        : [];

    readonly TemporaryFolder _folder = new();
    string _password = RandomNumberGenerator.GetHexString(32);
    readonly int _port = FreePort.Take();
    ChildProcess? _server;

    /// <summary>Whether this machine has what <see cref="Start"/> needs.</summary>
    public static bool IsInstalled => CreateClusterProgram is not null && ServerProgram is not null;

    /// <summary>The database every server is born with, as somebody who may do everything.</summary>
    public string ConnectionString => $"Host=127.0.0.1;Port={_port};Username={User};Password={_password};Database=postgres";

    /// <summary>The server and its port, as one of several in the <c>Host</c> of a connection string.</summary>
    public string Address => $"127.0.0.1:{_port}";

    /// <summary>The server's process, the parent of all its others.</summary>
    public int Id => Server.Id;

    string Replication => $"host=127.0.0.1 port={_port} user={User} password={_password}";

    string Cluster => Path.Combine(_folder.Path, "cluster");

    ChildProcess Server => _server ?? throw new InvalidOperationException("The server was never started.");

    /// <summary>Starts a server and completes when it takes connections.</summary>
    public static async Task<PostgresServer> Start()
    {
        if (!IsInstalled)
            throw ServersMissing.ToBeKilled("PostgreSQL");

        var server = new PostgresServer();
        try
        {
            await server.CreateCluster();
            await server.Run();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts a standby of this server, and has this one wait for it with every commit from then on.</summary>
    public async Task<PostgresServer> StartStandby()
    {
        var standby = new PostgresServer { _password = _password };
        try
        {
            if (AsItsUser.Length > 0)
                await ChildProcess.Run(["chown", "-R", "postgres:", standby._folder.Path]);
            await ChildProcess.Run([
                .. AsItsUser,
                CopyProgram!,
                "-D",
                standby.Cluster,
                "--write-recovery-conf",
                "--wal-method=stream",
                "--checkpoint=fast",
                "--no-sync",
                "-d",
                Replication,
            ]);
            await standby.Run();
            await WaitFor(standby: true);
            return standby;
        }
        catch
        {
            await standby.DisposeAsync();
            throw;
        }
    }

    /// <summary>Has every commit wait for a standby, from when one is there, or for none.</summary>
    public async Task WaitFor(bool standby)
    {
        await Execute($"ALTER SYSTEM SET synchronous_standby_names = '{(standby ? "*" : "")}'");
        await Execute("SELECT pg_reload_conf()");
        if (standby)
            await Server.Until(
                "a standby is in step",
                StartLimit,
                async () => await Scalar("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") is 1L
            );
    }

    /// <summary>Makes a standby the primary.</summary>
    public Task Promote() => Execute("SELECT pg_promote()");

    /// <summary>Starts this server again as a standby of another, after it was stopped in good order.</summary>
    public async Task Follow(PostgresServer primary)
    {
        await File.WriteAllTextAsync(Path.Combine(Cluster, "standby.signal"), "");
        await File.AppendAllTextAsync(
            Path.Combine(Cluster, "postgresql.auto.conf"),
            $"\nprimary_conninfo = '{primary.Replication}'\nsynchronous_standby_names = ''\n"
        );
        await Restart();
    }

    /// <summary>Does something as somebody who may do everything.</summary>
    public async Task Execute(string sql) => await Scalar(sql);

    /// <summary>Asks as somebody who may do everything.</summary>
    public async Task<object?> Scalar(string sql)
    {
        await using var source = NpgsqlDataSource.Create(ConnectionString + ";Pooling=false;Timeout=5");
        await using var command = source.CreateCommand(sql);
        return await command.ExecuteScalarAsync();
    }

    public Task<string> CreateDatabase(string? template = null) => Database.Create(ConnectionString, template);

    /// <summary>Ends the server as a power cut would.</summary>
    public Task Kill() => Server.Kill();

    /// <summary>Ends the server in good order, and its connections with it.</summary>
    public Task Stop() => Server.Terminate(StartLimit, Signal.Interrupt);

    /// <summary>
    /// Starts the server again on its port and its data, after <see cref="Kill"/>, after <see cref="Stop"/>, or in good order.
    /// </summary>
    public async Task Restart()
    {
        await Stop();
        await Server.DisposeAsync();
        await Run();
    }

    public void Freeze() => Server.Freeze();

    public void Thaw() => Server.Thaw();

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();

        _folder.Dispose();
    }

    async Task CreateCluster()
    {
        var password = _folder.Write("password", _password);
        if (AsItsUser.Length > 0)
            await ChildProcess.Run(["chown", "-R", "postgres:", _folder.Path]);

        // Unsynced: a machine that crashes right now takes the test with it anyway. The server itself keeps fsync on.
        await ChildProcess.Run([
            .. AsItsUser,
            CreateClusterProgram!,
            "--no-sync",
            "--encoding=UTF8",
            "--locale=C",
            "--auth=scram-sha-256",
            $"--username={User}",
            $"--pwfile={password}",
            $"--pgdata={Cluster}",
        ]);
    }

    Task Run()
    {
        _server = ChildProcess.Start([
            .. AsItsUser,
            ServerProgram!,
            "-D",
            Cluster,
            "-p",
            $"{_port}",
            "-k",
            _folder.Path,
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            "fsync=on",
            "-c",
            "shared_buffers=64MB",
            "-c",
            "max_connections=500",
            // Each test has a database of its own. A worker that looked into one of six hundred every tenth of a second took two fifths of
            // the machine.
            "-c",
            "autovacuum_naptime=10min",
        ]);
        return _server.Until(
            "the first connection",
            StartLimit,
            async () =>
            {
                try
                {
                    await using var source = NpgsqlDataSource.Create(ConnectionString + ";Pooling=false;Timeout=5");
                    await using var connection = await source.OpenConnectionAsync();
                    return true;
                }
                catch (NpgsqlException)
                {
                    return false;
                }
            }
        );
    }

    /// <summary>The folder that was named, or where the distribution keeps its own.</summary>
    static IEnumerable<string> Programs() =>
        Environment.GetEnvironmentVariable(ServersMissing.PostgresPrograms) is { Length: > 0 } named ? [named] : VersionsOfDebian();

    /// <summary>Debian and Ubuntu keep the versions side by side and out of the search path; the newest comes first.</summary>
    static IEnumerable<string> VersionsOfDebian()
    {
        const string Versions = "/usr/lib/postgresql";
        return Directory.Exists(Versions)
            ? Directory
                .EnumerateDirectories(Versions)
                .OrderByDescending(folder =>
                    double.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var version) ? version : 0
                )
                .Select(folder => Path.Combine(folder, "bin"))
            : [];
    }
}
