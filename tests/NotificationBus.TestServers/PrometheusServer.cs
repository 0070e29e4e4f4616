using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;

namespace NotificationBus.IntegrationTests.Servers;

/// <summary>A Prometheus of our own, on a free loopback port, that scrapes once a second and forgets everything with the test.</summary>
sealed class PrometheusServer : IAsyncDisposable
{
    static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(4);

    readonly ChildProcess _process;
    readonly TemporaryFolder _folder;
    readonly HttpClient _client;

    PrometheusServer(ChildProcess process, TemporaryFolder folder, Uri address)
    {
        _process = process;
        _folder = folder;
        _client = new HttpClient { BaseAddress = address };
    }

    /// <summary>Starts a server and completes when it is ready.</summary>
    /// <param name="targets">The hosts it scrapes.</param>
    /// <param name="rules">Its rules.</param>
    public static async Task<PrometheusServer> Start(IEnumerable<Uri> targets, string rules)
    {
        var folder = new TemporaryFolder();
        var port = FreePort.Take();
        folder.Write("rules.yml", rules);
        var settings = folder.Write(
            "prometheus.yml",
            $"""
            global: {"{"} scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s {"}"}
            rule_files: [rules.yml]
            scrape_configs:
              - job_name: notificationbus
                static_configs:
                  - targets: [{string.Join(", ", targets.Select(target => $"'{target.Authority}'"))}]
            """
        );
        var process = ChildProcess.Start([
            Promtool.Installed("prometheus"),
            $"--config.file={settings}",
            $"--storage.tsdb.path={folder.Folder("data")}",
            $"--web.listen-address=127.0.0.1:{port}",
        ]);
        var server = new PrometheusServer(process, folder, new Uri($"http://127.0.0.1:{port}"));
        try
        {
            await process.Until("GET /-/ready answers 200", StartLimit, server.IsReady);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Asks for the values of an expression now, each with its labels.</summary>
    public async Task<IReadOnlyList<Sample>> Query(string expression)
    {
        var answer = await Get($"/api/v1/query?query={Uri.EscapeDataString(expression)}");
        return
        [
            .. answer
                .GetProperty("result")
                .EnumerateArray()
                .Select(sample => new Sample(
                    Labels(sample.GetProperty("metric")),
                    double.Parse(sample.GetProperty("value")[1].GetString()!, CultureInfo.InvariantCulture)
                )),
        ];
    }

    /// <summary>The names of all metrics it has.</summary>
    public async Task<IReadOnlyList<string>> Names() =>
        [.. (await Get("/api/v1/label/__name__/values")).EnumerateArray().Select(name => name.GetString()!)];

    /// <summary>The labels of the alerts that fire now.</summary>
    public async Task<IReadOnlyList<IReadOnlyDictionary<string, string>>> Firing() =>
        [
            .. (await Get("/api/v1/alerts"))
                .GetProperty("alerts")
                .EnumerateArray()
                .Where(alert => alert.GetProperty("state").GetString() == "firing")
                .Select(alert => Labels(alert.GetProperty("labels"))),
        ];

    /// <summary>Waits for a condition.</summary>
    public Task Until(string what, TimeSpan within, Func<Task<bool>> condition) => _process.Until(what, within, condition);

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _process.DisposeAsync();
        _folder.Dispose();
    }

    async Task<bool> IsReady()
    {
        try
        {
            using var answer = await _client.GetAsync(new Uri("/-/ready", UriKind.Relative));
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false; // It does not listen yet.
        }
    }

    async Task<JsonElement> Get(string path)
    {
        using var answer = await _client.GetAsync(new Uri(path, UriKind.Relative));
        var json = await answer.Content.ReadFromJsonAsync<JsonElement>();
        return answer.IsSuccessStatusCode
            ? json.GetProperty("data")
            : throw new InvalidOperationException($"Prometheus refuses {path}: {json}");
    }

    static Dictionary<string, string> Labels(JsonElement metric) =>
        metric.EnumerateObject().ToDictionary(label => label.Name, label => label.Value.GetString()!, StringComparer.Ordinal);

    /// <summary>A value with its labels.</summary>
    public sealed record Sample(IReadOnlyDictionary<string, string> Labels, double Value);
}
