using System.Net.Http.Json;
using System.Text.Json;

namespace NotificationBus.IntegrationTests.Servers;

/// <summary>A real SMTP server (tests/servers/smtp) that keeps what it takes, as an independent witness of what was sent.</summary>
sealed class MailServer : IAsyncDisposable
{
    static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(30);
    static readonly string Program = Path.Combine(Repository.Root, "tests", "servers", "smtp", "server.mjs");

    // Once for all tests: npm ci empties the folder first, and would take it away from under a server that starts.
    static readonly Lazy<Task> s_packages = new(InstallPackages);

    readonly ChildProcess _process;
    readonly HttpClient _control;

    MailServer(ChildProcess process, int port, int control)
    {
        _process = process;
        Port = port;
        _control = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{control}") };
    }

    public int Port { get; }

    public static async Task<MailServer> Start()
    {
        if (Installed.Program("node", []) is not { } node)
            throw new InvalidOperationException("Node.js is missing: the tests' SMTP server runs on it. tests/run.sh installs it.");
        await s_packages.Value;

        var process = ChildProcess.Start([node, Program]);
        var listening = JsonDocument.Parse(await process.Line(line => line.StartsWith('{'), StartLimit)).RootElement;
        return new MailServer(process, listening.GetProperty("port").GetInt32(), listening.GetProperty("control").GetInt32());
    }

    /// <summary>The settings that make a host send its mail here.</summary>
    public Dictionary<string, string> Settings => new(StringComparer.Ordinal)
    {
        ["Channels:email:Providers"] = "smtp",
        ["Providers:smtp:Host"] = "127.0.0.1",
        ["Providers:smtp:Port"] = $"{Port}",
        ["Providers:smtp:Security"] = "None",
        ["Providers:smtp:From"] = "shop@example.com",
    };

    public async Task<IReadOnlyList<Mail>> Mails() => (await _control.GetFromJsonAsync<List<Mail>>("/messages"))!;

    public async Task<int> Count() => (await _control.GetFromJsonAsync<JsonElement>("/count")).GetProperty("count").GetInt32();

    static async Task InstallPackages()
    {
        var folder = Path.GetDirectoryName(Program)!;
        if (!Directory.Exists(Path.Combine(folder, "node_modules")))
            await ChildProcess.Run(["npm", "ci", "--prefix", folder, "--no-audit", "--no-fund"]);
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _control.Dispose();
    }
}

/// <summary>A mail as the server parsed it.</summary>
sealed record Mail(string MessageId, string From, IReadOnlyList<string> To, string Subject, string Text, string Html);
