using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using NotificationBus.Access;
using NotificationBus.Host.Http;
using NotificationBus.Providers.Controls;

namespace NotificationBus.Host.CommandLine;

/// <summary>
/// <c>keys …</c>: makes and ends keys in the database of the host's settings, whether a host runs or not.
/// </summary>
sealed class KeysCommand(CommandOutput output)
{
    const string WithoutTables =
        "keys: embedded the keys are in memory, and there is nothing to make one in; start the host with Auth:Mode=Keys and with "
        + "Auth:FirstKey, which is what 'keys generate' prints, or name the servers (Transport=RabbitMq)";

    const int LongestText = 500;

    static readonly JsonSerializerOptions Web = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull,
    };

    readonly Argument<string> _application = new("application") { Description = "The service that the key is for." };
    readonly Argument<string> _id = new("id") { Description = "The key's id, as 'keys list' has it." };
    readonly Option<string?> _why = CommonOptions.Why();
    readonly Option<bool> _json = CommonOptions.Json();

    public Command Build() =>
        new("keys", "Makes and ends keys of the API in the database of a host, whose settings it takes after its own options.")
        {
            BuildCreate(),
            BuildList(),
            BuildRotate(),
            BuildRevoke(),
            BuildGenerate(),
        };

    Command BuildCreate()
    {
        var scopes = new Option<string>("--scopes")
        {
            Description = $"What it opens, separated by commas: {string.Join(", ", ScopeWords.All)}.",
            HelpName = "send,read",
            Required = true,
        };
        var name = new Option<string?>("--name") { Description = "The name by which people know it.", HelpName = "text" };
        var command = new Command("create", "Makes a key, and shows it this once.") { _application, scopes, name, _why, _json };
        command.SetAction(
            (parsed, cancellationToken) =>
            {
                var application = Application(parsed);
                if (
                    ScopeWords.Read(parsed.GetRequiredValue(scopes).Split(',', StringSplitOptions.TrimEntries), out var opened) is { } wrong
                )
                    throw new SettingsException($"keys create: --scopes {wrong}");

                return WithTables(
                    parsed,
                    async services =>
                    {
                        var issuer = services.GetRequiredService<KeyIssuer>();
                        var made = await issuer.Create(
                            application,
                            parsed.GetValue(name) ?? application,
                            opened,
                            By(parsed),
                            cancellationToken
                        );
                        return await Show(made, parsed);
                    }
                );
            }
        );
        return command.WithSettings();
    }

    Command BuildList()
    {
        var command = new Command("list", "Lists the keys, never the keys themselves.") { _json };
        command.SetAction(
            (parsed, cancellationToken) =>
                WithTables(
                    parsed,
                    async services =>
                    {
                        var keys = (await services.GetRequiredService<IAccessKeys>().Load(cancellationToken)).Select(KeyView.Of).ToList();
                        if (parsed.GetValue(_json))
                            await Json(new KeyList(keys));
                        else
                            await output.Table(
                                ["id", "application", "scopes", "used", "name"],
                                [
                                    .. keys.Select(
                                        IReadOnlyList<string?> (key) =>
                                            [key.Id, key.Application, string.Join(',', key.Scopes), Use(key), key.Name]
                                    ),
                                ],
                                "there is no key"
                            );
                        return ExitCode.Done;
                    }
                )
        );
        return command.WithSettings();

        static string Use(KeyView key) =>
            key.RevokedAt is { } revoked ? $"revoked {revoked:u}"
            : key.LastUsedAt is { } used ? $"{used:u}"
            : "not yet";
    }

    Command BuildRotate()
    {
        var grace = new Option<string>("--grace")
        {
            Description = "How long the old key is still taken, 00:00:00 to 7.00:00:00.",
            HelpName = "time",
            DefaultValueFactory = _ => "1.00:00:00",
        };
        var command = new Command("rotate", "Makes a key in the place of another, and shows it this once.") { _id, grace, _why, _json };
        command.SetAction(
            (parsed, cancellationToken) =>
            {
                Check(parsed);
                var text = parsed.GetRequiredValue(grace);
                if (
                    !(
                        text.Contains(':', StringComparison.Ordinal)
                        && TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out var period)
                        && period >= TimeSpan.Zero
                        && period <= KeyIssuer.LongestGrace
                    )
                )
                    throw new SettingsException("keys rotate: --grace must be a time such as 1.00:00:00, from 00:00:00 to 7.00:00:00");

                return WithTables(
                    parsed,
                    async services =>
                    {
                        var id = parsed.GetRequiredValue(_id);
                        var made = await services.GetRequiredService<KeyIssuer>().Rotate(id, period, By(parsed), cancellationToken);
                        return made is null ? await Missing() : await Show(made, parsed);
                    }
                );
            }
        );
        return command.WithSettings();
    }

    Command BuildRevoke()
    {
        var command = new Command("revoke", "Ends a key: within 5 s it is refused everywhere.") { _id, _why, _json };
        command.SetAction(
            (parsed, cancellationToken) =>
            {
                Check(parsed);
                return WithTables(
                    parsed,
                    async services =>
                    {
                        var keys = services.GetRequiredService<IAccessKeys>();
                        if (await keys.Revoke(parsed.GetRequiredValue(_id), By(parsed), cancellationToken) is not { } key)
                            return await Missing();

                        await (
                            parsed.GetValue(_json)
                                ? Json(KeyView.Of(key))
                                : output.Line($"{key.Holder} is refused from now on, within 5 s everywhere")
                        );
                        return ExitCode.Done;
                    }
                );
            }
        );
        return command.WithSettings();
    }

    Command BuildGenerate()
    {
        var command = new Command("generate", "Prints a key for Auth:FirstKey, and keeps it nowhere.") { _application };
        command.SetAction(
            async (parsed, _) =>
            {
                await output.Line(KeyText.New(Application(parsed)).Reveal());
                return ExitCode.Done;
            }
        );
        return command;
    }

    async Task<int> Missing()
    {
        await output.Remark("there is no such key that is not revoked; 'keys list' has them");
        return ExitCode.NotThere;
    }

    async Task<int> Show(IssuedKey made, ParseResult parsed)
    {
        if (parsed.GetValue(_json))
        {
            await Json(new NewKey(made.Text, KeyView.Of(made.Key)));
            return ExitCode.Done;
        }

        await output.Line(made.Text);
        await output.Remark($"It is shown this once, and opens {string.Join(", ", made.Key.Scopes.Select(scope => scope.Spell()))}.");
        return ExitCode.Done;
    }

    /// <summary>The same rules as over HTTP, for the same lists.</summary>
    void Check(ParseResult parsed, params IReadOnlyList<Option<string?>> options)
    {
        foreach (var option in options.Append(_why))
        {
            if (parsed.GetValue(option) is { } text && !PlainText.IsName(text, LongestText))
                throw new SettingsException($"keys: {option.Name} must be 1 to {LongestText} characters without control characters");
        }
    }

    Task Json<T>(T value) => output.Json(JsonSerializer.SerializeToNode(value, Web) ?? new JsonObject());

    static Task<int> WithTables(ParseResult parsed, Func<IServiceProvider, Task<int>> act) =>
        HostOptions.WithTables(parsed.Settings(), WithoutTables, mayUpgrade: false, act);

    string Application(ParseResult parsed)
    {
        var application = parsed.GetRequiredValue(_application);
        return KeyText.RefuseApplication(application) is { } wrong
            ? throw new SettingsException($"keys: the application {wrong}")
            : application;
    }

    /// <summary>Whoever has the database may say what they like: who is logged in at the machine is all there is.</summary>
    ChangedBy By(ParseResult parsed) => new(CommonOptions.By, parsed.GetValue(_why) ?? "not said");
}
