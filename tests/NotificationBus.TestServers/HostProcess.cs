using System.Net;

namespace NotificationBus.IntegrationTests.Servers;

/// <summary>The host, as it is deployed: a process of its own that can be asked to end, killed and frozen.</summary>
sealed class HostProcess : IRunningHost
{
    static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(4);
    static readonly TimeSpan EndLimit = TimeSpan.FromMinutes(2);

    readonly ChildProcess _process;

    HostProcess(ChildProcess process, Uri address)
    {
        _process = process;
        Client = new HttpClient { BaseAddress = address };
    }

    /// <summary>Where the built host is: beside the tests, which reference it.</summary>
    public static string Program { get; } = Path.Combine(AppContext.BaseDirectory, "NotificationBus.Host.dll");

    /// <inheritdoc />
    public HttpClient Client { get; }

    /// <summary>The host's process.</summary>
    public int Id => _process.Id;

    /// <inheritdoc />
    public OutputTail Output => _process.Output;

    /// <summary>Completes with the host's exit code.</summary>
    public Task<int> Exit => _process.Exit;

    /// <summary>Starts a host on real servers and completes when it is ready.</summary>
    public static Task<HostProcess> Start(Uri broker, string database, IReadOnlyDictionary<string, string>? settings = null) =>
        Start($"{broker}", database, settings);

    /// <summary>The same with a cluster of brokers, whose address names all nodes.</summary>
    public static Task<HostProcess> Start(string broker, string database, IReadOnlyDictionary<string, string>? settings = null) =>
        Start(
            new Dictionary<string, string>(settings ?? new Dictionary<string, string>(StringComparer.Ordinal), StringComparer.Ordinal)
            {
                ["Transport"] = "RabbitMq",
                ["ConnectionStrings:RabbitMq"] = broker,
                ["ConnectionStrings:Postgres"] = database,
            }
        );

    /// <summary>Starts a host with these settings, as on its command line, and completes when it is ready.</summary>
    public static async Task<HostProcess> Start(IReadOnlyDictionary<string, string> settings, string? program = null)
    {
        var host = Launch(settings, program);
        try
        {
            await host.UntilReady();
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts a host without waiting for it, for instance one whose settings are wrong.</summary>
    public static HostProcess Launch(IReadOnlyDictionary<string, string> settings, string? program = null)
    {
        var address = $"http://127.0.0.1:{FreePort.Take()}";
        var process = ChildProcess.Start([
            "dotnet",
            program ?? Program,
            $"--Urls={address}",
            .. OpenToAll.Unless(settings).Select(setting => $"--{setting.Key}={setting.Value}"),
        ]);
        return new HostProcess(process, new Uri(address));
    }

    /// <summary>Waits for the first line of output that is wanted.</summary>
    public Task<string> Line(Func<string, bool> wanted, TimeSpan within) => _process.Line(wanted, within);

    /// <summary>Waits for a condition, and gives up with the host's last words.</summary>
    public Task Until(string what, TimeSpan within, Func<Task<bool>> condition) => _process.Until(what, within, condition);

    /// <summary>Waits until the host is ready.</summary>
    public Task UntilReady() =>
        _process.Until(
            "GET /health/ready answers 200",
            StartLimit,
            async () =>
            {
                try
                {
                    using var answer = await Client.GetAsync(new Uri("/health/ready", UriKind.Relative));
                    return answer.StatusCode == HttpStatusCode.OK;
                }
                catch (HttpRequestException)
                {
                    return false; // It does not listen yet.
                }
            }
        );

    /// <summary>Asks the host to end (SIGTERM), waits until it has, and gives its exit code.</summary>
    public Task<int> Terminate() => _process.Terminate(EndLimit);

    /// <summary>Ends the host without a chance to tidy up.</summary>
    public Task Kill() => _process.Kill();

    /// <summary>Stops the host where it is; its connections stay open and silent.</summary>
    public void Freeze() => _process.Freeze();

    public void Thaw() => _process.Thaw();

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        Client.Dispose();
    }
}
