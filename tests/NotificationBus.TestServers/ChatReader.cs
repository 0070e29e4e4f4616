using System.Net.Http.Json;
using System.Text.Json;

namespace NotificationBus.IntegrationTests.Servers;

/// <summary>Discord's webhooks (tests/servers/chat), read by a parser of Discord's Markdown that is not ours.</summary>
sealed class ChatReader : IAsyncDisposable
{
    static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(4);
    static readonly string Program = Path.Combine(Repository.Root, "tests", "servers", "chat", "server.mjs");

    readonly ChildProcess _process;
    readonly HttpClient _client;

    ChatReader(ChildProcess process, int port)
    {
        _process = process;
        _client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
    }

    /// <summary>Where webhooks are called.</summary>
    public Uri Url => _client.BaseAddress!;

    /// <summary>Starts it and completes when it listens.</summary>
    public static async Task<ChatReader> Start()
    {
        if (Installed.Program("node", []) is not { } node)
            throw new InvalidOperationException(
                "Node.js is missing: the tests' reader of chat texts runs on it. tests/run.sh installs it."
            );
        var folder = Path.GetDirectoryName(Program)!;
        if (!Directory.Exists(Path.Combine(folder, "node_modules")))
            await ChildProcess.Run(["npm", "ci", "--prefix", folder, "--no-audit", "--no-fund"]);

        var process = ChildProcess.Start([node, Program]);
        var listening = JsonDocument.Parse(await process.Line(line => line.StartsWith('{'), StartLimit)).RootElement;
        return new ChatReader(process, listening.GetProperty("port").GetInt32());
    }

    /// <summary>Every message, oldest first, as a reader sees it.</summary>
    public async Task<IReadOnlyList<ShownMessage>> Received() => (await _client.GetFromJsonAsync<List<ShownMessage>>("/received"))!;

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _process.DisposeAsync();
    }
}

/// <summary>A message as it is shown.</summary>
/// <param name="Text">What a reader reads.</param>
/// <param name="More">What is more than text to him: mentions, formats, links with another text.</param>
sealed record ShownMessage(string Text, IReadOnlyList<string> More);
