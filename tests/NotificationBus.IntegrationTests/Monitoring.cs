using System.Text.Json;
using System.Text.RegularExpressions;
using NotificationBus.IntegrationTests.Servers;
using YamlDotNet.RepresentationModel;

namespace NotificationBus.IntegrationTests;

/// <summary>The rules and dashboards of docker/, as Prometheus and Grafana read them.</summary>
static partial class Monitoring
{
    static readonly string[] Prefixes = ["notificationbus_", "http_server_", "dotnet_"];

    /// <summary>The folder they are in.</summary>
    public static string Folder { get; } = Path.Combine(Repository.Root, "docker");

    /// <summary>The file of the rules.</summary>
    public static string RulesFile { get; } = Path.Combine(Folder, "prometheus", "alerts.yml");

    /// <summary>Every rule, one that records and one that alerts.</summary>
    public static IReadOnlyList<YamlMappingNode> Rules { get; } =
    [.. Sequence(Read(RulesFile)["groups"]).SelectMany(group => Sequence(group["rules"])).Cast<YamlMappingNode>()];

    /// <summary>The names of the alerts.</summary>
    public static IReadOnlyList<string> Alerts { get; } =
    [.. Rules.Where(rule => rule.Children.ContainsKey("alert")).Select(rule => rule["alert"].ToString())];

    /// <summary>The dashboards, by file.</summary>
    public static IReadOnlyDictionary<string, JsonElement> Dashboards { get; } =
        Directory
            .EnumerateFiles(Path.Combine(Folder, "grafana", "dashboards"), "*.json")
            .ToDictionary(file => Path.GetFileName(file), file => JsonElement.Parse(File.ReadAllText(file)), StringComparer.Ordinal);

    /// <summary>The queries of the dashboards, each with the title of its panel.</summary>
    public static IReadOnlyList<(string Title, string Query)> Queries { get; } =
    [
        .. from dashboard in Dashboards.Values
        from panel in dashboard.GetProperty("panels").EnumerateArray()
        from target in panel.GetProperty("targets").EnumerateArray()
        select (panel.GetProperty("title").GetString()!, target.GetProperty("expr").GetString()!),
    ];

    /// <summary>The metrics of hosts that rules and dashboards are about.</summary>
    public static IReadOnlyList<string> Metrics { get; } =
    [
        .. Rules
            .Select(rule => rule["expr"].ToString())
            .Concat(Queries.Select(query => query.Query))
            .SelectMany(MetricsOf)
            .Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>The metrics of hosts that an expression is about; what rules record has a colon in its name.</summary>
    public static IEnumerable<string> MetricsOf(string expression) =>
        Name()
            .Matches(expression)
            .Select(name => name.Value)
            .Where(name =>
                !name.Contains(':', StringComparison.Ordinal) && Prefixes.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal))
            );

    /// <summary>A file in YAML.</summary>
    public static YamlMappingNode Read(string file)
    {
        var yaml = new YamlStream();
        using var text = File.OpenText(file);
        yaml.Load(text);
        return (YamlMappingNode)yaml.Documents.Single().RootNode;
    }

    /// <summary>The items of a list in YAML.</summary>
    public static YamlSequenceNode Sequence(YamlNode node) => (YamlSequenceNode)node;

    [GeneratedRegex(@"[\w:]+", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Name();
}
