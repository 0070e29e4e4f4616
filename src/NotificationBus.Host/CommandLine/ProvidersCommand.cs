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
        command.Subcommands.Add(BuildBreaker());
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
                var current = await Find(host, name, cancellationToken);
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
    }

    Command BuildBreaker()
    {
        var account = new Argument<string>("account") { Description = "The account." };
        var minimumCalls = new Option<string?>("--minimum-calls")
        {
            Description = "The fewest calls within ten seconds that say anything, 2 to 10000; none leaves it to the settings.",
        };
        var failureShare = new Option<string?>("--failure-share")
        {
            Description = "The share of them that must fail, 0.01 to 1; none leaves it to the settings.",
        };
        var openFor = new Option<string?>("--open-for")
        {
            Description = "How long no probe is made after it has opened, such as 00:00:30; none leaves it to the settings.",
        };
        var halfOpenCalls = new Option<string?>("--half-open-calls")
        {
            Description = "The probes in a row that close it, 1 to 100; none leaves it to the settings.",
        };
        var reset = new Option<bool>("--reset") { Description = "Leaves all that is not said to the settings." };
        var why = CommonOptions.HasToSayWhy();
        var command = new Command("breaker", "Sets when the circuit of an account opens and closes, and leaves the rest as it is.")
        {
            account,
            minimumCalls,
            failureShare,
            openFor,
            halfOpenCalls,
            reset,
            why,
        };
        command.SetAction(
            async (parsed, cancellationToken) =>
            {
                (string Property, string? Word, Func<string, JsonNode> Read)[] options =
                [
                    ("minimumCalls", parsed.GetValue(minimumCalls), Number),
                    ("failureShare", parsed.GetValue(failureShare), Number),
                    ("openFor", parsed.GetValue(openFor), word => JsonValue.Create(word)),
                    ("halfOpenCalls", parsed.GetValue(halfOpenCalls), Number),
                ];
                var said = options
                    .Where(option => option.Word is not null)
                    .Select(option => (option.Property, Value: option.Word == "none" ? null : option.Read(option.Word!)))
                    .ToList();
                if (said.Count == 0 && !parsed.GetValue(reset))
                    throw new CommandException(
                        ExitCode.Wrong,
                        "say what is to be set: --minimum-calls, --failure-share, --open-for or --half-open-calls; or --reset"
                    );

                using var host = _api.Open(parsed);
                var name = parsed.GetRequiredValue(account);
                var current = await Find(host, name, cancellationToken);
                var body = new JsonObject { ["by"] = CommonOptions.By, ["why"] = parsed.GetRequiredValue(why) };
                if (current["breakerSet"] is JsonObject set && !parsed.GetValue(reset))
                    foreach (var (property, value) in set)
                        body[property] = value?.DeepClone();
                foreach (var (property, value) in said)
                    body[property] = value;
                var answer = await host.Send(HttpMethod.Put, $"v1/providers/{Uri.EscapeDataString(name)}/breaker", body, cancellationToken);
                if (parsed.GetValue(_json))
                    await output.Json(answer);
                else
                    await output.Line(Breaker(await Find(host, name, cancellationToken)));
                return ExitCode.Done;
            }
        );
        return command;
    }

    static JsonNode Number(string word) =>
        double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
            ? JsonValue.Create(number)
            : throw new CommandException(ExitCode.Wrong, $"{word} is no number");

    static async Task<JsonNode> Find(HostApi host, string name, CancellationToken cancellationToken) =>
        (await host.List("v1/providers", "providers", cancellationToken)).Items.FirstOrDefault(one => one.Text("account") == name)
        ?? throw new CommandException(ExitCode.NotThere, $"there is no account {name}; 'providers' lists them");

    /// <summary>When the circuit of an account opens and closes, and when it would without operators.</summary>
    static string Breaker(JsonNode account)
    {
        var configured = account["breakerConfigured"] is { } other ? $" (configured: {Words(other)})" : ", as configured";
        return $"the circuit of {account.Text("account")} opens at {Words(account["breaker"]!)}{configured}";

        static string Words(JsonNode breaker) =>
            $"{breaker.Text("failureShare")} of {breaker.Text("minimumCalls")} calls, for {breaker.Text("openFor")}, and closes after "
            + (breaker.Text("halfOpenCalls") is "1" ? "one probe" : $"{breaker.Text("halfOpenCalls")} probes in a row");
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
