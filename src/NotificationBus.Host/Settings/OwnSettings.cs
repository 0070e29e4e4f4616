using Microsoft.Extensions.Configuration.CommandLine;
using Microsoft.Extensions.Configuration.EnvironmentVariables;
using Microsoft.Extensions.Configuration.Json;

namespace NotificationBus.Host.Settings;

/// <summary>
/// The settings without the machine's own environment: PATH is no misspelt key. What the environment says under a name that
/// is ours still counts, and below such a name every key is checked.
/// </summary>
static class OwnSettings
{
    // Everything at the top that takes keys below it, and everything that takes a value.
    static readonly string[] Sections = [.. Names(isValue: false), "Providers", "Serilog"];
    static readonly string[] Values = [.. Names(isValue: true)];

    const int LongWord = 7;

    /// <summary>The settings that are ours, merged.</summary>
    public static IConfiguration Of(IConfigurationRoot configuration)
    {
        var names = configuration
            .Providers.Where(provider => provider is JsonConfigurationProvider or CommandLineConfigurationProvider)
            .SelectMany(provider => provider.GetChildKeys([], parentPath: null))
            .Concat(Sections)
            .Concat(Values)
            .ToHashSet(StringComparer.OrdinalIgnoreCase);

        return new ConfigurationBuilder()
            .AddInMemoryCollection(Merge(configuration.Providers).Where(setting => names.Contains(setting.Key.Split(':')[0])))
            .Build();
    }

    /// <summary>
    /// Names in the environment that look like ours and are not. Without a <c>__</c> most names are the machine's, so that there
    /// only what is all but the same counts.
    /// </summary>
    public static IEnumerable<string> Misspelt(IConfigurationRoot configuration) =>
        from provider in configuration.Providers.OfType<EnvironmentVariablesConfigurationProvider>()
        from name in provider.GetChildKeys([], parentPath: null).Distinct(StringComparer.OrdinalIgnoreCase)
        where !Sections.Concat(Values).Contains(name, StringComparer.OrdinalIgnoreCase)
        let meant = provider.GetChildKeys([], name).Any() ? MeantSection(name) : MeantValue(name)
        where meant is not null
        select $"{name} in the environment is unknown; did you mean {meant}?";

    /// <summary>True when whoever started the host set something below a path; a file may have come with a template.</summary>
    public static bool IsSaid(IConfigurationRoot configuration, string path) =>
        configuration
            .Providers.Where(provider => provider is EnvironmentVariablesConfigurationProvider or CommandLineConfigurationProvider)
            .Any(provider => provider.GetChildKeys([], path).Any());

    static string? MeantSection(string name) =>
        Sections
            .Concat(Values)
            .FirstOrDefault(ours =>
                Spelling.Distance(name.ToUpperInvariant(), ours.ToUpperInvariant()) <= (ours.Length >= LongWord ? 2 : 1)
            );

    /// <summary>ROLE and RULES may well be another program's; a longer word, or one that is not all capitals, hardly.</summary>
    static string? MeantValue(string name) =>
        Values.FirstOrDefault(ours =>
            (ours.Length >= LongWord || name.Any(char.IsLower)) && Spelling.Distance(name.ToUpperInvariant(), ours.ToUpperInvariant()) == 1
        );

    static IEnumerable<string> Names(bool isValue) =>
        from property in typeof(HostSettings).GetProperties()
        where
            property.CanWrite
            && (
                property.PropertyType.IsValueType
                || property.PropertyType == typeof(string)
                || property.PropertyType == typeof(IReadOnlyList<string>)
            ) == isValue
        select property.Name;

    /// <summary>
    /// As the framework merges, except for lists: it would merge them item by item, and one channel over two would be two again.
    /// Here whoever sets an item last sets the list.
    /// </summary>
    static Dictionary<string, string?> Merge(IEnumerable<IConfigurationProvider> providers)
    {
        var merged = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (var provider in providers)
        {
            var own = Flatten(provider, path: null).ToList();
            foreach (var (path, _) in own.Where(setting => setting.Value is not null))
            {
                var list = IsItem(path) ? path[..path.LastIndexOf(':')] : path;
                merged.Remove(list);
                foreach (
                    var item in merged
                        .Keys.Where(key =>
                            IsItem(key) && key.LastIndexOf(':') == list.Length && key.StartsWith(list, StringComparison.OrdinalIgnoreCase)
                        )
                        .ToList()
                )
                    merged.Remove(item);
            }

            foreach (var (path, value) in own)
            {
                if (value is not null || !merged.ContainsKey(path))
                    merged[path] = value;
            }
        }

        return merged;
    }

    static bool IsItem(string path) => path.LastIndexOf(':') is > 0 and var colon && int.TryParse(path.AsSpan(colon + 1), out _);

    static IEnumerable<KeyValuePair<string, string?>> Flatten(IConfigurationProvider provider, string? path)
    {
        foreach (var key in provider.GetChildKeys([], path).Distinct(StringComparer.OrdinalIgnoreCase))
        {
            var child = path is null ? key : $"{path}:{key}";
            if (provider.TryGet(child, out var value))
                yield return new(child, value);
            foreach (var setting in Flatten(provider, child))
                yield return setting;
        }
    }
}
