using System.Net.Http.Json;
using System.Text.Json;

namespace NotificationBus.IntegrationTests.Servers;

/// <summary>A receiver (tests/servers/webhook) that verifies what it gets with the library of Standard Webhooks' own project.</summary>
sealed class WebhookReceiver : IAsyncDisposable
{
    static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(4);
    static readonly string Program = Path.Combine(Repository.Root, "tests", "servers", "webhook", "server.mjs");

    readonly ChildProcess _process;
    readonly HttpClient _client;

    WebhookReceiver(ChildProcess process, int port)
    {
        _process = process;
        _client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
    }

    /// <summary>Where it takes webhooks.</summary>
    public Uri Url => new(_client.BaseAddress!, "/hook");

    /// <summary>Starts a receiver and completes when it listens.</summary>
    /// <param name="secret">The only secret it knows.</param>
    /// <param name="refusals">How many genuine webhooks it answers with 503 first.</param>
    public static async Task<WebhookReceiver> Start(string secret, int refusals = 0)
    {
        if (Installed.Program("node", []) is not { } node)
            throw new InvalidOperationException(
                "Node.js is missing: the tests' receiver of webhooks runs on it. tests/run.sh installs it."
            );
        var folder = Path.GetDirectoryName(Program)!;
        if (!Directory.Exists(Path.Combine(folder, "node_modules")))
            await ChildProcess.Run(["npm", "ci", "--prefix", folder, "--no-audit", "--no-fund"]);

        var process = ChildProcess.Start([node, Program, "--secret", secret, "--refuse", $"{refusals}"]);
        var listening = JsonDocument.Parse(await process.Line(line => line.StartsWith('{'), StartLimit)).RootElement;
        return new WebhookReceiver(process, listening.GetProperty("port").GetInt32());
    }

    /// <summary>Everything that was posted, oldest first.</summary>
    public async Task<IReadOnlyList<ReceivedWebhook>> Received() => (await _client.GetFromJsonAsync<List<ReceivedWebhook>>("/received"))!;

    /// <summary>The first webhook, once it is there.</summary>
    public async Task<ReceivedWebhook> FirstReceived(TimeSpan within)
    {
        using var patience = new CancellationTokenSource(within);
        while (true)
        {
            if (await Received() is [var first, ..])
                return first;
            await Task.Delay(50, patience.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _process.DisposeAsync();
    }
}

/// <summary>A webhook as the receiver saw it.</summary>
sealed record ReceivedWebhook(string Id, string Timestamp, bool Genuine, JsonElement Payload, string? Error);
