using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;

namespace NotificationBus.Host.CommandLine;

/// <summary><c>providers</c>: how the accounts stand, and what operators set of them.</summary>
sealed class ProvidersCommand(CommandOutput output)
{
    static readonly string[] Kept = ["switch", "pin", "weight"];

    readonly Option<bool> _json = CommonOptions.Json();
    readonly ApiOptions _api = new();

    public Command Build()
    {
        var command = new Command("providers", "Lists the provider accounts: switch, circuit, rate, and what they complained about.")
        {
            _json,
        };
        command.SetAction(List);
        command.Subcommands.Add(BuildSet());
        return _api.On(command);
    }

    Command BuildSet()
    {
        var account = new Argument<string>("account") { Description = "The account." };
        var turn = new Option<string?>("--switch") { Description = "on, drain (finish what has begun) or off." };
        var pin = new Option<string?>("--pin") { Description = "closed or open: holds the circuit there; none lets it go." };
        var weight = new Option<string?>("--weight") { Description = "Its share of the channel, 0 to 1000; none takes it away." };
        var perSecond = new Option<string?>("--per-second")
        {
            Description = "The most calls per second, all hosts together; none leaves it to the settings.",
        };
        var why = CommonOptions.HasToSayWhy();
        var command = new Command("set", "Sets what is said of an account, and leaves the rest as it is.")
        {
            account,
            turn,
            pin,
            weight,
            perSecond,
            why,
        };
        command.SetAction(
            async (parsed, cancellationToken) =>
            {
                // Null takes away what is set.
                var said = new Dictionary<string, JsonNode?>(StringComparer.Ordinal);
                Say("switch", parsed.GetValue(turn), word => JsonValue.Create(word));
                Say("pin", parsed.GetValue(pin), word => JsonValue.Create(word));
                Say("weight", parsed.GetValue(weight), Number);
                Say("perSecond", parsed.GetValue(perSecond), Number);

                using var host = _api.Open(parsed);
                var name = parsed.GetRequiredValue(account);
                var current =
                    (await host.List("v1/providers", "providers", cancellationToken)).Items.FirstOrDefault(one =>
                        one.Text("account") == name
                    ) ?? throw new CommandException(ExitCode.NotThere, $"there is no account {name}; 'providers' lists them");
                var body = new JsonObject { ["by"] = CommonOptions.By, ["why"] = parsed.GetRequiredValue(why) };
                foreach (var kept in Kept.Where(kept => current[kept] is not null))
                    body[kept] = current[kept]!.DeepClone();
                // What is configured is not to be held on to when it changes.
                if (current["perSecondSet"] is { } perSecondSet)
                    body["perSecond"] = perSecondSet.DeepClone();
                foreach (var (property, value) in said)
                    body[property] = value;
                var answer = await host.Send(HttpMethod.Put, $"v1/providers/{Uri.EscapeDataString(name)}", body, cancellationToken);
                await (parsed.GetValue(_json) ? output.Json(answer) : output.Line(Said(name, answer)));
                return ExitCode.Done;

                void Say(string property, string? word, Func<string, JsonNode> read)
                {
                    if (word is not null)
                        said[property] = word == "none" ? null : read(word);
                }
            }
        );
        return command;

        static JsonNode Number(string word) =>
            double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
                ? JsonValue.Create(number)
                : throw new CommandException(ExitCode.Wrong, $"{word} is no number");
    }

    async Task<int> List(ParseResult parsed, CancellationToken cancellationToken)
    {
        using var api = _api.Open(parsed);
        var (answer, accounts) = await api.List("v1/providers", "providers", cancellationToken);
        if (parsed.GetValue(_json))
            await output.Json(answer);
        else
            await output.Table(
                ["channel", "account", "switch", "circuit", "since", "per second", "reason"],
                [
                    .. accounts.Select(
                        IReadOnlyList<string?> (account) =>
                            [
                                account.Text("channel"),
                                account.Text("account"),
                                account.Text("switch"),
                                account.Text("circuit"),
                                account.Time("since"),
                                account.Text("learnedPerSecond") ?? account.Text("perSecond"),
                                account.Text("reason"),
                            ]
                    ),
                ],
                "no channel has a provider"
            );
        return ExitCode.Done;
    }

    /// <summary>What operators have set of an account.</summary>
    static string Said(string name, JsonNode control)
    {
        (string Words, string Property)[] settings = [("pinned", "pin"), ("weight", "weight"), ("per second at most", "perSecond")];
        return string.Join(
            ", ",
            settings
                .Where(setting => control.Text(setting.Property) is not null)
                .Select(setting => $"{setting.Words} {control.Text(setting.Property)}")
                .Prepend($"{name} is {control.Text("switch")}")
        );
    }
}
