using System.Net.Http.Json;
using System.Text.Json;

namespace NotificationBus.IntegrationTests.Servers;

/// <summary>A real SMTP server (tests/servers/smtp) that keeps what it takes, as an independent witness of what was sent.</summary>
sealed class MailServer : IAsyncDisposable
{
    static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(4);
    static readonly string Program = Path.Combine(Repository.Root, "tests", "servers", "smtp", "server.mjs");

    // Once for all tests: npm ci empties the folder first, and would take it away from under a server that starts.
    static readonly Lazy<Task> s_packages = new(InstallPackages);

    readonly int _port = FreePort.Take();
    readonly TimeSpan _delay;
    readonly MailServerDoor? _door;
    ChildProcess? _process;
    HttpClient? _control;

    MailServer(TimeSpan delay, MailServerDoor? door) => (_delay, _door) = (delay, door);

    public int Port => _port;

    HttpClient Control => _control ?? throw new InvalidOperationException("The mail server is stopped.");

    /// <summary>Starts a server and completes when it listens.</summary>
    /// <param name="delay">How long a mail that is in the list already waits for its 250.</param>
    /// <param name="door">Who gets in, and how. Default: everybody, in plain text.</param>
    public static async Task<MailServer> Start(TimeSpan delay = default, MailServerDoor? door = null)
    {
        var server = new MailServer(delay, door);
        await server.Restart();
        return server;
    }

    /// <summary>Ends the server, its connections and its memory.</summary>
    public async Task Stop()
    {
        if (_process is not null)
            await _process.DisposeAsync();

        _control?.Dispose();
        (_process, _control) = (null, null);
    }

    /// <summary>Starts the server again on its port, with nothing in it.</summary>
    public async Task Restart()
    {
        if (Installed.Program("node", []) is not { } node)
            throw new InvalidOperationException("Node.js is missing: the tests' SMTP server runs on it. tests/run.sh installs it.");
        await s_packages.Value;
        await Stop();

        _process = ChildProcess.Start([
            node,
            Program,
            "--port",
            $"{_port}",
            "--delay",
            $"{_delay.TotalMilliseconds:0}",
            .. _door?.Arguments ?? [],
        ]);
        var listening = JsonDocument.Parse(await _process.Line(line => line.StartsWith('{'), StartLimit)).RootElement;
        _control = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{listening.GetProperty("control").GetInt32()}") };
    }

    /// <summary>The settings that make a host send its mail here.</summary>
    public Dictionary<string, string> Settings =>
        new(StringComparer.Ordinal)
        {
            ["Channels:email:Providers"] = "smtp",
            ["Providers:smtp:Host"] = "127.0.0.1",
            ["Providers:smtp:Port"] = $"{Port}",
            ["Providers:smtp:Security"] = "None",
            ["Providers:smtp:From"] = "shop@example.com",
        };

    public async Task<IReadOnlyList<Mail>> Mails() => (await Control.GetFromJsonAsync<List<Mail>>("/messages"))!;

    public async Task<int> Count() => (await Control.GetFromJsonAsync<JsonElement>("/count")).GetProperty("count").GetInt32();

    /// <summary>Forgets what it has taken so far.</summary>
    public async Task Forget()
    {
        using var answer = await Control.DeleteAsync(new Uri("/messages", UriKind.Relative));
        answer.EnsureSuccessStatusCode();
    }

    static async Task InstallPackages()
    {
        var folder = Path.GetDirectoryName(Program)!;
        if (!Directory.Exists(Path.Combine(folder, "node_modules")))
            await ChildProcess.Run(["npm", "ci", "--prefix", folder, "--no-audit", "--no-fund"]);
    }

    public async ValueTask DisposeAsync() => await Stop();
}

/// <summary>A server that encrypts, and wants a name and a password.</summary>
sealed record MailServerDoor(ServerCertificate Certificate, bool ImplicitTls, string User, string Password)
{
    public IEnumerable<string> Arguments =>
        [
            ImplicitTls ? "--tls" : "--starttls",
            "--cert",
            Certificate.File,
            "--key",
            Certificate.KeyFile,
            "--user",
            User,
            "--password",
            Password,
        ];
}

/// <summary>
/// A mail as the server parsed it. Sender and recipients are those of the envelope; header fields have their names in lower case.
/// </summary>
sealed record Mail(
    string MessageId,
    string From,
    IReadOnlyList<string> To,
    string Subject,
    string Text,
    string Html,
    IReadOnlyDictionary<string, string> Headers
);
