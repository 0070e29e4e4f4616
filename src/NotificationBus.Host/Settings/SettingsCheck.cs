using System.Net;
using NotificationBus.Host.CommandLine;
using NotificationBus.Host.Http;
using NotificationBus.Host.RabbitMq;
using NotificationBus.Intake;
using NotificationBus.Intake.Maps;
using NotificationBus.Model;
using NotificationBus.Providers;
using NotificationBus.Providers.Accounts;
using NotificationBus.Templates;
using Serilog.Events;

namespace NotificationBus.Host.Settings;

/// <summary>Reads the host's settings and refuses to start with wrong ones.</summary>
static class SettingsCheck
{
    /// <summary>Sections of the framework; everything else at the top is ours or misspelt.</summary>
    internal static readonly IReadOnlyList<string> OfTheFramework =
    [
        "Providers",
        "Serilog",
        "Logging",
        "Urls",
        "Kestrel",
        "Environment",
        "ContentRoot",
        "ApplicationName",
        "DetailedErrors",
        "Http_Ports",
        "Https_Ports",
    ];

    // Mail lies for weeks before it is read, and some laws name 30 days.
    static readonly TimeSpan LeastForLinks = TimeSpan.FromDays(60);

    internal const string MinimumLevel = "Serilog:MinimumLevel";

    static readonly string[] KnownRoles = ["api", "worker", "saga", "sender", "dashboard"];

    /// <summary>The settings.</summary>
    /// <exception cref="SettingsException">One line for each wrong key.</exception>
    public static HostSettings Read(IConfigurationRoot configuration)
    {
        var reader = new SettingsReader();
        var settings = (HostSettings)reader.Read(typeof(HostSettings), OwnSettings.Of(configuration), alsoAllowed: OfTheFramework);
        List<string> errors =
        [
            .. reader.Errors,
            .. OwnSettings.Misspelt(configuration),
            .. Servers(settings),
            .. SqlIntake(settings),
            .. ApplicationUsers.Refuse(settings, BrokerAddress.Parse(settings.ConnectionStrings.RabbitMq)?.User),
            .. Roles(settings),
            .. Unsubscribes(settings),
            .. Urls(configuration["Urls"]),
            .. PublicUrls(settings, configuration),
            .. GrpcUrls(settings, configuration),
            .. HostNames.Refuse(settings.AllowedHosts),
            .. Senders(settings),
            .. LogLevels(configuration),
        ];
        return errors.Count == 0 ? settings : throw new SettingsException(string.Join(Environment.NewLine, errors));
    }

    /// <summary>Checks what only the registered channels, templates and events can tell.</summary>
    /// <exception cref="SettingsException">One line for each wrong key.</exception>
    public static void CheckNames(HostSettings settings, IServiceProvider services)
    {
        var channels = services.GetRequiredService<ChannelSet>();
        var templates = services.GetRequiredService<ITemplates>();
        var categories = templates.Categories;
        var errors = new List<string>();

        foreach (var name in settings.Channels.Keys.Where(name => channels.Find(name) is null))
            errors.Add($"Channels:{name} {channels.NoChannel(name)}");
        for (var index = 0; index < settings.Sender.Channels.Count; index++)
        {
            if (channels.Find(settings.Sender.Channels[index]) is null)
                errors.Add($"Sender:Channels:{index} {channels.NoChannel(settings.Sender.Channels[index])}");
        }

        foreach (var (name, channel) in settings.Channels)
        {
            for (var index = 0; index < channel.Routes.Count; index++)
            {
                // An empty list of conditions is told from a wrong one where the chains are made.
                if (channel.Routes[index].When.Categories.Any(category => !settings.EventTypes.ContainsKey(category)))
                    errors.Add(
                        $"Channels:{name}:Routes:{index}:When:Categories names no category, allowed are "
                            + $"{string.Join(", ", settings.EventTypes.Keys.Order(StringComparer.Ordinal))}"
                    );
            }
        }

        errors.AddRange(settings.Applications.SelectMany(application => Chosen(application.Key, application.Value, settings, channels)));

        foreach (var (category, rule) in settings.EventTypes)
        {
            // Where no text is needed, none can be missing.
            if (
                !categories.Contains(category)
                && !(rule.Channels.Count > 0 && rule.Channels.All(name => channels.Find(name) is { Parts.Count: 0 }))
            )
                errors.Add(
                    $"EventTypes:{category} has no templates, categories with templates are "
                        + $"{string.Join(", ", categories.Order(StringComparer.Ordinal))}{Spelling.DidYouMean(category, categories)}"
                );
            foreach (
                var channel in rule.Channels.Where(channel =>
                    categories.Contains(category) && channels.Find(channel) is not null && !templates.Has(category, channel)
                )
            )
                errors.Add(
                    $"EventTypes:{category}:Channels names {channel}, but there is no template "
                        + $"{category}/{channel}.{settings.Templates.DefaultLanguage}.liquid"
                );
            var withdrawing = services.GetServices<IWithdrawalMap>().Select(map => map.Name).Order(StringComparer.Ordinal).ToList();
            for (var index = 0; index < rule.WithdrawnBy.Count; index++)
            {
                if (!withdrawing.Contains(rule.WithdrawnBy[index]))
                    errors.Add($"EventTypes:{category}:WithdrawnBy:{index} {Spelling.Unknown(rule.WithdrawnBy[index], withdrawing)}");
            }

            if (rule.Channels.Count == 0)
                errors.Add($"EventTypes:{category}:Channels is empty; name at least one of {channels.Names}");
            for (var index = 0; index < rule.Channels.Count; index++)
            {
                if (channels.Find(rule.Channels[index]) is null)
                    errors.Add($"EventTypes:{category}:Channels:{index} {channels.NoChannel(rule.Channels[index])}");
            }
        }

        // A request names its category itself; every other event has the category of its own name.
        foreach (
            var map in services
                .GetServices<IEventMap>()
                .Where(map => map is not NotificationRequestedMap && !settings.EventTypes.ContainsKey(map.Name))
        )
            errors.Add(
                $"EventTypes:{map.Name} is missing; say which channels the event uses"
                    + (
                        categories.Contains(map.Name)
                            ? ""
                            : $", and write its templates {map.Name}/{{channel}}.{settings.Templates.DefaultLanguage}.liquid"
                    )
            );

        // A folder that is misspelt would be passed over without a word.
        foreach (var application in templates.Applications)
        {
            foreach (var category in templates.For(application).Categories.Except(categories, StringComparer.Ordinal))
                errors.Add(
                    $"Applications:{application}:Templates:Folder has a folder {category}, and there are no texts for all of that name; "
                        + $"write them as well, or name it as one of {string.Join(", ", categories.Order(StringComparer.Ordinal))}"
                        + Spelling.DidYouMean(category, categories)
                );
        }

        foreach (var category in categories.Where(category => category.Any(char.IsUpper)))
            errors.Add($"Templates: the folder {category} must be in lower case, as settings are compared without case");

        foreach (var account in services.GetRequiredService<IConfiguration>().GetSection("Providers").GetChildren())
            errors.AddRange(UnknownKeys(account, services.GetServices<ProviderType>()));

        if (errors.Count > 0)
            throw new SettingsException(string.Join(Environment.NewLine, errors));

        // Making the chains validates every account that is used.
        services.GetRequiredService<ProviderChains>();
    }

    /// <summary>Checks the accounts that an application has chosen: they are some of those that the channel has.</summary>
    static IEnumerable<string> Chosen(string name, ApplicationOptions application, HostSettings settings, ChannelSet channels)
    {
        foreach (var (channel, chosen) in application.Channels)
        {
            var path = $"Applications:{name}:Channels:{channel}";
            if (channels.Find(channel) is null)
            {
                yield return $"{path} {channels.NoChannel(channel)}";
                continue;
            }

            var configured = settings.Channels.GetValueOrDefault(channel) ?? new ChannelOptions();
            List<string> accounts =
            [
                .. configured.Providers.Concat(configured.Routes.SelectMany(route => route.Providers)).Distinct(StringComparer.Ordinal),
            ];
            if (chosen.Providers.Count == 0)
                yield return $"{path}:Providers is empty; name at least one of {string.Join(", ", accounts)}, or leave {path} out";
            for (var index = 0; index < chosen.Providers.Count; index++)
            {
                if (!accounts.Contains(chosen.Providers[index], StringComparer.Ordinal))
                    yield return $"{path}:Providers:{index} names '{chosen.Providers[index]}', which is no account of the channel; "
                        + $"name some of {string.Join(", ", accounts)}, or add it to Channels:{channel}:Providers"
                        + Spelling.DidYouMean(chosen.Providers[index], accounts);
            }
        }
    }

    static IReadOnlyList<string> UnknownKeys(IConfigurationSection account, IEnumerable<ProviderType> types)
    {
        var typeName = account["Type"] ?? account.Key;
        // The key of an account may be spelt in capitals, as the environment likes to.
        var type = types.FirstOrDefault(type =>
            type.Name.Equals(typeName, account["Type"] is null ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal)
        );
        if (type is null)
            return
            [
                $"{account.Path}:Type {(account["Type"] is null ? $"is missing, and '{account.Key}' is no type" : "is unknown")}; "
                    + $"allowed are {string.Join(", ", types.Select(type => type.Name).Distinct(StringComparer.Ordinal))}",
            ];

        var reader = new SettingsReader();
        reader.Read(type.OptionsType ?? typeof(object), account, account.Path, AccountOptions.Keys);
        reader.Read(
            typeof(CircuitOptions),
            account.GetSection(nameof(AccountOptions.Circuit)),
            $"{account.Path}:{nameof(AccountOptions.Circuit)}"
        );
        return reader.Errors;
    }

    /// <summary>Checks the form of the command line, which the framework partly passes over and partly takes for a crash.</summary>
    /// <exception cref="SettingsException">An argument is no setting.</exception>
    public static void CheckArguments(IReadOnlyList<string> args)
    {
        for (var index = 0; index < args.Count; index++)
        {
            // By its number: a stray argument may be the tail of a password with a space in it.
            if (!IsSwitch(args[index]))
                throw new SettingsException(
                    $"Argument {index + 1} is no setting; write --Key=value, for instance "
                        + $"--Transport=RabbitMq{(index == 0 ? Spelling.DidYouMean(args[0], Commands.Names) : "")}"
                );
            if (args[index].Contains('='))
                continue;
            if (++index == args.Count || IsSwitch(args[index]))
                throw new SettingsException($"{args[index - 1]} has no value; write --Key=value");
        }

        static bool IsSwitch(string argument) => argument.StartsWith("--", StringComparison.Ordinal);
    }

    static IEnumerable<string> Servers(HostSettings settings)
    {
        var servers = settings.ConnectionStrings;
        if (settings.Transport == Transport.RabbitMq)
        {
            if (string.IsNullOrWhiteSpace(servers.RabbitMq))
                yield return "ConnectionStrings:RabbitMq is missing; Transport=RabbitMq needs it, for instance "
                    + "amqp://user:password@localhost:5672";
            else if (BrokerAddress.Parse(servers.RabbitMq) is null)
                yield return "ConnectionStrings:RabbitMq must be a URI such as amqp://user:password@localhost:5672/vhost";

            if (string.IsNullOrWhiteSpace(servers.Postgres))
                yield return "ConnectionStrings:Postgres is missing; Transport=RabbitMq needs it, for instance "
                    + "Host=localhost;Database=notificationbus;Username=…;Password=…";
            else if (!IsConnectionString(servers.Postgres))
                yield return "ConnectionStrings:Postgres must be an Npgsql connection string such as "
                    + "Host=localhost;Database=notificationbus;Username=…;Password=…";

            if (!string.IsNullOrWhiteSpace(servers.PostgresReplica) && !IsConnectionString(servers.PostgresReplica))
                yield return "ConnectionStrings:PostgresReplica must be an Npgsql connection string such as "
                    + "Host=replica;Database=notificationbus;Username=…;Password=…, or left out";
        }
        else if (
            !string.IsNullOrWhiteSpace(servers.RabbitMq)
            || !string.IsNullOrWhiteSpace(servers.Postgres)
            || !string.IsNullOrWhiteSpace(servers.PostgresReplica)
        )
        {
            yield return "Transport is InMemory but ConnectionStrings name servers; set Transport=RabbitMq, or leave ConnectionStrings out";
        }
    }

    static IEnumerable<string> SqlIntake(HostSettings settings)
    {
        if (settings.Intake.Sql.Enabled && settings.Transport == Transport.InMemory)
            yield return "Intake:Sql:Enabled needs Transport=RabbitMq: there is no database from which events could be taken";
    }

    static IEnumerable<string> Roles(HostSettings settings)
    {
        foreach (var role in settings.Roles.Except(KnownRoles, StringComparer.Ordinal))
            yield return $"Roles: '{role}' {Spelling.Unknown(role, KnownRoles)}";
        if (settings.Roles.Count == 0)
            yield return $"Roles is empty, allowed are {string.Join(", ", KnownRoles)}";
        else if (settings.Transport == Transport.InMemory && !(settings.IsApi && settings.IsSaga && settings.IsSender))
            yield return "Roles must be api and worker while Transport is InMemory: no other process shares its memory";
        if (settings is { IsDashboard: true, IsApi: false })
            yield return "Roles: dashboard needs api beside it, because the console shows what the API of the same host says";
    }

    static IEnumerable<string> Senders(HostSettings settings) =>
        settings.Transport == Transport.InMemory && settings.Sender.Channels.Count > 0
            ? ["Sender:Channels must be left out while Transport is InMemory: no other process shares its memory"]
            : [];

    static IEnumerable<string> Unsubscribes(HostSettings settings)
    {
        if (settings.Unsubscribe.PublicUrl is null)
            return settings
                .EventTypes.Where(rule => rule.Value.Unsubscribe is true)
                .Select(rule => $"EventTypes:{rule.Key}:Unsubscribe needs Unsubscribe:PublicUrl and Unsubscribe:Key");

        return settings.Retention.Notifications < LeastForLinks
            ?
            [
                $"Retention:Notifications must be {LeastForLinks:c} or longer with Unsubscribe:PublicUrl: "
                    + "a link to unsubscribe works only while its notification is on record",
            ]
            : [];
    }

    /// <summary>
    /// Finds what is set and passed over. Tools set <c>Logging</c> for whatever they start, so that it is no reason not to start.
    /// </summary>
    public static IEnumerable<string> PassedOver(IConfigurationRoot configuration) =>
        OwnSettings.IsSaid(configuration, "Logging")
            ? [$"Logging has no effect here; set {MinimumLevel}:Default and {MinimumLevel}:Override"]
            : [];

    /// <summary>The logger would end with the first wrong level unexplained, and pass over a key it does not know.</summary>
    static IEnumerable<string> LogLevels(IConfiguration configuration)
    {
        var minimum = configuration.GetSection(MinimumLevel);
        if (minimum.Value is { Length: > 0 })
            yield return $"{MinimumLevel} has no value of its own; set {MinimumLevel}:Default";
        foreach (
            var unknown in minimum
                .GetChildren()
                .Where(child =>
                    !child.Key.Equals("Default", StringComparison.OrdinalIgnoreCase)
                    && !child.Key.Equals("Override", StringComparison.OrdinalIgnoreCase)
                )
        )
            yield return SettingsReader.Unknown(unknown.Path, unknown.Key, ["Default", "Override"]);
        foreach (
            var level in minimum
                .GetSection("Override")
                .GetChildren()
                .Prepend(minimum.GetSection("Default"))
                .Where(level => level.Exists() && !Enum.TryParse<LogEventLevel>(level.Value, ignoreCase: true, out _))
        )
            yield return $"{level.Path} must be one of {string.Join(", ", Enum.GetNames<LogEventLevel>())}";
    }

    static IEnumerable<string> Urls(string? urls) =>
        PublicPort.Split(urls).All(IsUrl) ? [] : ["Urls must be addresses such as http://localhost:8080, separated by semicolons"];

    /// <summary>Checks <c>PublicUrls</c>: what is for the world is told from the rest by its port.</summary>
    static IEnumerable<string> PublicUrls(HostSettings settings, IConfiguration configuration)
    {
        if (settings.PublicUrls is null)
            return [];

        var urls = PublicPort.Split(settings.PublicUrls);
        if (urls.Length == 0 || !urls.All(IsUrl))
            return ["PublicUrls must be addresses such as http://0.0.0.0:8081, separated by semicolons"];
        if (configuration.GetSection("Kestrel:Endpoints").Exists())
            return ["PublicUrls and Kestrel:Endpoints exclude each other: set Urls and PublicUrls"];
        if (!settings.IsApi)
            return ["PublicUrls needs the role api: no other host takes receipts and unsubscribes"];

        var inside = PublicPort.InsideUrls(configuration);
        return inside.All(IsUrl) && Ports(inside).Intersect(Ports(urls)).Any()
            ? ["PublicUrls must have ports of their own, which Urls does not name: http://0.0.0.0:8081"]
            : [];
    }

    /// <summary>Checks <c>GrpcUrls</c>: how a port is spoken to is told from the rest by its number.</summary>
    static IEnumerable<string> GrpcUrls(HostSettings settings, IConfiguration configuration)
    {
        if (settings.GrpcUrls is null)
            return [];

        var urls = PublicPort.Split(settings.GrpcUrls);
        if (urls.Length == 0 || !urls.All(IsUrl) || urls.Any(url => BindingAddress.Parse(url) is not { Scheme: "http", Port: not 0 }))
            return ["GrpcUrls must be http addresses with a port, such as http://localhost:8082, separated by semicolons"];
        if (configuration.GetSection("Kestrel:Endpoints").Exists())
            return ["GrpcUrls and Kestrel:Endpoints exclude each other: set Urls and GrpcUrls"];
        if (!settings.IsApi)
            return ["GrpcUrls needs the role api: no other host answers there"];

        string[] others = [.. PublicPort.InsideUrls(configuration), .. PublicPort.Split(settings.PublicUrls)];
        return others.All(IsUrl) && Ports(others).Intersect(Ports(urls)).Any()
            ? ["GrpcUrls must have ports of their own, which neither Urls nor PublicUrls names: http://localhost:8082"]
            : [];
    }

    // 0 is a free one, another for each.
    static IEnumerable<int> Ports(IEnumerable<string> urls) => urls.Select(url => BindingAddress.Parse(url).Port).Where(port => port != 0);

    static bool IsUrl(string value)
    {
        try
        {
            return BindingAddress.Parse(value) is { Scheme: "http" or "https", Port: <= IPEndPoint.MaxPort };
        }
        catch (FormatException)
        {
            return false;
        }
    }

    static bool IsConnectionString(string value)
    {
        try
        {
            return new Npgsql.NpgsqlConnectionStringBuilder(value).Host is { Length: > 0 };
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
