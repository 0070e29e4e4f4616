using System.Reflection;
using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using NotificationBus.Channels;
using NotificationBus.Host.Settings;
using NotificationBus.Postgres;
using NotificationBus.Providers;
using NotificationBus.Providers.Accounts;

namespace NotificationBus.Tests.Docs;

/// <summary>
/// Fills the tables of <c>docs/settings.md</c> from the option classes: what they say of themselves, their defaults and their ranges. What
/// stands between the tables is written by hand.
/// </summary>
static class SettingsPage
{
    public const string File = "docs/settings.md";

    const string End = "<!-- end -->";

    const string Heading = """
        | setting | form | default | from … to, or one of | what it says |
        |---|---|---|---|---|
        """;

    // Where it stands on the page what is set in the file that is shipped.
    const string AsShipped = "[as shipped](#channels-of-an-event)";

    static readonly XmlDocs Docs = new([
        typeof(HostSettings).Assembly,
        typeof(ChannelSetup).Assembly,
        typeof(PostgresOptions).Assembly,
        typeof(ProviderType).Assembly,
        typeof(Contracts.Lane).Assembly,
    ]);

    static readonly IConfiguration Shipped = new ConfigurationBuilder()
        .AddJsonFile(Path.Combine(The_dependency_rule.Root(), "src", "NotificationBus.Host", "appsettings.json"))
        .Build();

    /// <summary>Every setting that does not belong to one type of account.</summary>
    public static IReadOnlyList<Setting> Common { get; } =
    [.. Setting.Of(typeof(HostSettings)), .. Setting.Of(typeof(AccountOptions), "Providers:{account}")];

    /// <summary>The page with its tables as they have to be.</summary>
    public static string Fill(string page)
    {
        var filled = new List<string>();
        var isTable = false;
        foreach (var line in page.Split('\n'))
        {
            isTable &= line != End;
            if (!isTable)
                filled.Add(line);
            if (Marker.Of(line) is not { } marker)
                continue;

            filled.AddRange(["", Fill(marker).Trim(), ""]);
            isTable = true;
        }

        return string.Join('\n', filled);
    }

    /// <summary>Settings that stand in no table of a page, or in two.</summary>
    public static IEnumerable<string> Misplaced(string page)
    {
        var shown = page.Split('\n')
            .Select(Marker.Of)
            .OfType<Marker>()
            .Where(marker => marker.What == Marker.Settings)
            .Select(marker => marker.Names)
            .ToList();
        return Common.Select(setting => setting.Path).Where(path => shown.Count(names => names.Any(name => IsBelow(path, name))) != 1);
    }

    static string Fill(Marker marker) =>
        marker.What switch
        {
            Marker.Settings => Of(marker.Names),
            "types" => Types(),
            "shipped" => EventTypes(),
            var unknown => throw new InvalidOperationException(
                $"{File} has a table of {unknown}; there are tables of settings, types and shipped."
            ),
        };

    static bool IsBelow(string path, string name) => path == name || path.StartsWith($"{name}:", StringComparison.Ordinal);

    static string Of(string[] names)
    {
        // In the order of the marker, which is the page's.
        var settings = names.SelectMany(name => Common.Where(setting => IsBelow(setting.Path, name))).ToList();
        var remarks = settings
            .Select(setting => setting.Property.DeclaringType!)
            .Distinct()
            .Select(Docs.RemarksOf)
            .Where(text => text.Length > 0);
        var rows = settings.Select(setting => Row(setting.Path, setting, DefaultOf(setting)));
        return $"{Heading}\n{string.Concat(rows)}{string.Concat(remarks.Select(text => $"\n{text}\n"))}";
    }

    static string Row(string path, Setting setting, string initially)
    {
        var summary = Docs.SummaryOf(setting.Property);
        var words = setting.Scalar.IsEnum
            ? setting
                .Scalar.GetFields(BindingFlags.Public | BindingFlags.Static)
                .Select(word => $"<br>`{word.Name}`: {Docs.SummaryOf(word)}")
            : [];
        string[] cells =
        [
            $"`{path}`",
            setting.Form,
            setting.MustBeSet(summary) ? "must be set" : initially,
            setting.Range,
            summary + string.Concat(words),
        ];
        return $"| {string.Join(" | ", cells.Select(cell => cell.Replace("|", "\\|", StringComparison.Ordinal)))} |\n";
    }

    /// <summary>
    /// The default with the file that is shipped, and of those that it sets for one category and not for another, the class's.
    /// </summary>
    static string DefaultOf(Setting setting)
    {
        var shipped = Places(Shipped, setting.Path.Split(':'))
            .Select(section => Setting.Write(ValueOf(section)) is { Length: > 0 } value ? value : setting.Default)
            .Distinct(StringComparer.Ordinal)
            .ToList();
        return shipped switch
        {
            [] => setting.Default,
            [var same] => same,
            _ => string.Join(", else ", ((string[])[AsShipped, setting.Default]).Where(text => text.Length > 0)),
        };
    }

    static IEnumerable<IConfigurationSection> Places(IConfiguration section, string[] path)
    {
        var next = path[0].StartsWith('{') ? section.GetChildren() : [section.GetSection(path[0])];
        return path.Length == 1 ? next : next.SelectMany(child => Places(child, path[1..]));
    }

    static object? ValueOf(IConfigurationSection section) =>
        section.Value is { } value ? value : section.GetChildren().Select(item => item.Value).OfType<string>().ToList();

    static string EventTypes() =>
        "| category | channels | mode |\n|---|---|---|\n"
        + string.Concat(
            Shipped
                .GetSection("EventTypes")
                .GetChildren()
                .OrderBy(category => category.Key, StringComparer.Ordinal)
                .Select(category =>
                    $"| `{category.Key}` | {Setting.Write(ValueOf(category.GetSection("Channels")))} | "
                    + $"`{category["Mode"] ?? "AllAtOnce"}` |\n"
                )
        );

    /// <summary>What the types of accounts have in common, and then each of them.</summary>
    static string Types()
    {
        var types = new ServiceCollection()
            .AddChannels()
            .Where(service => service.ServiceType == typeof(ProviderType))
            .Select(service => (ProviderType)service.ImplementationInstance!)
            .ToLookup(type => type.OptionsType!);
        var page = new StringBuilder();
        foreach (
            var shared in types
                .SelectMany(type => Families(type.Key).Select(family => (Family: family, Type: type)))
                .GroupBy(member => member.Family, member => member.Type)
                .OrderBy(group => Families(group.Key).Count())
        )
        {
            var members = shared.Select(type => $"`{type.First().Name}`").ToList();
            page.Append($"{Docs.SummaryOf(shared.Key)} Types: {string.Join(", ", members)}.\n\n")
                .Append(Rows(shared.Key, [.. shared.Select(type => type)]));
        }

        foreach (var type in types)
        {
            var channels = type.Select(member => member.Channel).ToList();
            page.Append(
                $"#### Type {type.First().Name}\n\n{Docs.SummaryOf(type.Key)} It sends on "
                    + $"{(channels.Count > 1 ? "any channel" : $"`{channels[0]}`")}.\n\n"
            );
            page.Append(Rows(type.Key, [type]));
        }

        return page.ToString();
    }

    /// <summary>The classes that an option class shares with others.</summary>
    static IEnumerable<Type> Families(Type options)
    {
        for (var family = options.BaseType!; family != typeof(object); family = family.BaseType!)
            yield return family;
    }

    static string Rows(Type options, IReadOnlyList<IGrouping<Type, ProviderType>> types)
    {
        var own = SettingsReader.KeysOf(types[0].Key).Where(property => property.DeclaringType == options).ToList();
        if (own.Count == 0)
            return "";

        var examples = types
            .Select(type => (type.First().Name, Settings: Setting.Of(own, Activator.CreateInstance(type.Key)!, path: "").ToList()))
            .ToList();
        var rows = examples[0]
            .Settings.Select(
                (setting, index) =>
                {
                    // One type of many may have another default.
                    var defaults = examples
                        .GroupBy(example => example.Settings[index].Default, StringComparer.Ordinal)
                        .OrderByDescending(same => same.Count())
                        .ToList();
                    var others = defaults.Skip(1).SelectMany(same => same.Select(example => $"; `{example.Name}`: {same.Key}"));
                    return Row(setting.Path, setting, defaults[0].Key + string.Concat(others));
                }
            );
        return $"{Heading}\n{string.Concat(rows)}\n";
    }

    /// <summary>The line before a table, which says what it is a table of: <c>&lt;!-- settings: Retention --&gt;</c>.</summary>
    sealed record Marker(string What, string[] Names)
    {
        public const string Settings = "settings";

        public static Marker? Of(string line) =>
            line.StartsWith("<!-- ", StringComparison.Ordinal)
            && line.EndsWith(" -->", StringComparison.Ordinal)
            && line[5..^4].Split(':', 2) is [var what, var names]
                ? new Marker(what, names.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                : null;
    }
}
