using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using NotificationBus.Access;
using NotificationBus.Host.Http;
using NotificationBus.Postgres;
using NotificationBus.Providers.Controls;

namespace NotificationBus.Host;

/// <summary>
/// <c>keys …</c> on the command line: makes and ends keys in the database of the host's settings, whether a host runs or not.
/// </summary>
sealed class KeysCommand(TextWriter output)
{
    const int Done = 0;
    const int NotThere = 1;

    const string Usage = "keys generate APPLICATION, create APPLICATION --scopes send,read, list, rotate ID, or revoke ID";

    static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    /// <summary>Does what the arguments after <c>keys</c> say.</summary>
    /// <returns>0 when it is done, 1 when there is no such key.</returns>
    /// <exception cref="SettingsException">An argument or a setting is wrong.</exception>
    public async Task<int> Run(IReadOnlyList<string> args)
    {
        var (words, options, settings) = Split(args);
        return words switch
        {
            ["generate", var application] => await Generate(application),
            ["create", var application] => await With(settings, app => Create(app, application, options)),
            ["list"] => await With(settings, app => List(app, options)),
            ["rotate", var id] => await With(settings, app => Rotate(app, id, options)),
            ["revoke", var id] => await With(settings, app => Revoke(app, id, options)),
            _ => throw new SettingsException($"keys: say {Usage}"),
        };
    }

    /// <summary>Prints a key that is nowhere on record, for <c>Auth:FirstKey</c>.</summary>
    async Task<int> Generate(string application)
    {
        await output.WriteLineAsync(KeyText.New(Application(application)).Reveal());
        return Done;
    }

    async Task<int> Create(IServiceProvider services, string application, Options options)
    {
        if (ScopeWords.Read(options.Scopes?.Split(',', StringSplitOptions.TrimEntries) ?? [], out var scopes) is { } wrong)
            throw new SettingsException($"keys create: --scopes {wrong}");

        var made = await services
            .GetRequiredService<KeyIssuer>()
            .Create(Application(application), options.Name ?? application, scopes, options.By, CancellationToken.None);
        return await Show(made, options);
    }

    async Task<int> Rotate(IServiceProvider services, string id, Options options)
    {
        var grace = TimeSpan.FromDays(1);
        if (
            options.Grace is { } text
            && !(
                text.Contains(':', StringComparison.Ordinal)
                && TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out grace)
                && grace >= TimeSpan.Zero
                && grace <= KeyIssuer.LongestGrace
            )
        )
            throw new SettingsException("keys rotate: --grace must be a time such as 1.00:00:00, from 00:00:00 to 7.00:00:00");

        var made = await services.GetRequiredService<KeyIssuer>().Rotate(id, grace, options.By, CancellationToken.None);
        return made is null ? await Missing(id) : await Show(made, options);
    }

    async Task<int> Revoke(IServiceProvider services, string id, Options options)
    {
        if (await services.GetRequiredService<IAccessKeys>().Revoke(id, options.By, CancellationToken.None) is not { } key)
            return await Missing(id);

        await output.WriteLineAsync(
            options.IsJson ? JsonSerializer.Serialize(KeyView.Of(key), Json) : $"{key.Holder} is refused from now on, within 5 s everywhere"
        );
        return Done;
    }

    async Task<int> List(IServiceProvider services, Options options)
    {
        var keys = (await services.GetRequiredService<IAccessKeys>().Load(CancellationToken.None)).Select(KeyView.Of).ToList();
        if (options.IsJson)
        {
            await output.WriteLineAsync(JsonSerializer.Serialize(new KeyList(keys), Json));
            return Done;
        }

        foreach (var key in keys)
            await output.WriteLineAsync(
                string.Join(
                    "  ",
                    key.Id,
                    key.Application,
                    string.Join(',', key.Scopes),
                    key.RevokedAt is { } revoked ? $"revoked {revoked:u}"
                        : key.LastUsedAt is { } used ? $"used {used:u}"
                        : "not used",
                    key.Name
                )
            );
        return Done;
    }

    async Task<int> Missing(string id)
    {
        await output.WriteLineAsync($"there is no key {id} that is not revoked; 'keys list' has them");
        return NotThere;
    }

    async Task<int> Show(IssuedKey made, Options options)
    {
        await output.WriteLineAsync(
            options.IsJson
                ? JsonSerializer.Serialize(new NewKey(made.Text, KeyView.Of(made.Key)), Json)
                : $"{made.Text}{Environment.NewLine}It is shown this once, and opens {string.Join(", ", made.Key.Scopes.Select(scope => scope.Spell()))}."
        );
        return Done;
    }

    /// <summary>With the database of the settings, its tables up to date as a host would have them.</summary>
    static async Task<int> With(IReadOnlyList<string> settings, Func<IServiceProvider, Task<int>> act)
    {
        await using var app = NotificationHost.Build([.. settings], services => services.AddLogging(logging => logging.ClearProviders()));
        if (app.Services.GetService<Schema>() is not { } schema)
            throw new SettingsException(
                "keys: embedded the keys are in memory, and there is nothing to make one in; set Auth:FirstKey to what 'keys generate' prints, or name the servers (Transport=RabbitMq)"
            );

        await schema.EnsureReady(CancellationToken.None);
        return await act(app.Services);
    }

    static string Application(string application) =>
        KeyText.RefuseApplication(application) is { } wrong ? throw new SettingsException($"keys: the application {wrong}") : application;

    /// <summary>Tells its own options from the host's settings, which come after and are written in the same way.</summary>
    static (IReadOnlyList<string> Words, Options Options, IReadOnlyList<string> Settings) Split(IReadOnlyList<string> args)
    {
        var words = args.TakeWhile(argument => !argument.StartsWith("--", StringComparison.Ordinal)).ToList();
        var (options, settings) = (new Options(), new List<string>());
        for (var at = words.Count; at < args.Count; at++)
        {
            var (name, value) = args[at].Split('=', 2) is [var key, var said] ? (key, said) : (args[at], null);
            switch (name)
            {
                case "--json":
                    options.IsJson = true;
                    break;
                case "--scopes":
                    options.Scopes = value ?? Next();
                    break;
                case "--name":
                    options.Name = value ?? Next();
                    break;
                case "--why":
                    options.Why = value ?? Next();
                    break;
                case "--grace":
                    options.Grace = value ?? Next();
                    break;
                default:
                    settings.Add(args[at]);
                    if (value is null && name.StartsWith("--", StringComparison.Ordinal) && at + 1 < args.Count)
                        settings.Add(args[++at]);
                    break;
            }

            string Next() => ++at < args.Count ? args[at] : throw new SettingsException($"keys: {name} has no value");
        }

        return (words, options, settings);
    }

    sealed class Options
    {
        public bool IsJson { get; set; }

        public string? Scopes { get; set; }

        public string? Name { get; set; }

        public string? Grace { get; set; }

        public string? Why { get; set; }

        /// <summary>Whoever has the database may say what they like: who is logged in at the machine is all there is.</summary>
        public ChangedBy By => new($"command line {Environment.UserName}@{Environment.MachineName}", Why ?? "not said");
    }
}
