using System.CommandLine;
using System.Text.Json.Nodes;

namespace NotificationBus.Host.CommandLine;

/// <summary><c>event-types</c>: by which channels, and how, each event type is sent, and what operators set of that.</summary>
sealed class EventTypesCommand(CommandOutput output)
{
    static readonly string[] Kept = ["switch", "channels", "mode", "lifetime", "escalateAfter", "escalateUnless"];

    readonly Option<bool> _json = CommonOptions.Json();
    readonly ApiOptions _api = new();

    public Command Build()
    {
        var command = new Command("event-types", "Lists the event types: switch, channels in order, mode, escalation.") { _json };
        command.SetAction(List);
        command.Subcommands.Add(BuildSet());
        return _api.On(command);
    }

    Command BuildSet()
    {
        var category = new Argument<string>("category") { Description = "The event type, such as order-placed." };
        (Option<string?> Option, string Property)[] options =
        [
            (Word("--switch", "on, or off: what begins is kept on record, and nothing of it is sent."), "switch"),
            (Word("--channels", "The channels in order, such as push,email; none leaves it to the settings."), "channels"),
            (Word("--mode", "all-at-once or first-that-works; none leaves it to the settings."), "mode"),
            (Word("--lifetime", "How long it is of use, such as 1.00:00:00; none leaves it to the settings."), "lifetime"),
            (
                Word("--escalate-after", "When the next channel is tried in addition, 00:00:00 for never; none leaves it to the settings."),
                "escalateAfter"
            ),
            (Word("--escalate-unless", "sent, confirmed or read; none leaves it to the settings."), "escalateUnless"),
        ];
        var reset = new Option<bool>("--reset") { Description = "Leaves all that is not said to the settings." };
        var why = CommonOptions.HasToSayWhy();
        var command = new Command("set", "Sets what is said of an event type, and leaves the rest as it is. What has begun keeps its plan.")
        {
            category,
            reset,
            why,
        };
        foreach (var (option, _) in options)
            command.Options.Add(option);
        command.SetAction(
            async (parsed, cancellationToken) =>
            {
                var said = options
                    .Select(one => (one.Property, Word: parsed.GetValue(one.Option)))
                    .Where(one => one.Word is not null)
                    .Select(one => (one.Property, Value: Read(one.Property, one.Word!)))
                    .ToList();
                if (said.Count == 0 && !parsed.GetValue(reset))
                    throw new CommandException(
                        ExitCode.Wrong,
                        "say what is to be set: --switch, --channels, --mode, --lifetime, --escalate-after or --escalate-unless; or --reset"
                    );

                using var host = _api.Open(parsed);
                var name = parsed.GetRequiredValue(category);
                var body = new JsonObject { ["by"] = CommonOptions.By, ["why"] = parsed.GetRequiredValue(why) };
                if ((await Find(host, name, cancellationToken))["set"] is JsonObject set && !parsed.GetValue(reset))
                    foreach (var property in Kept.Where(property => set[property] is not null))
                        body[property] = set[property]!.DeepClone();
                foreach (var (property, value) in said)
                    body[property] = value;
                var answer = await host.Send(HttpMethod.Put, $"v1/event-types/{Uri.EscapeDataString(name)}", body, cancellationToken);
                if (parsed.GetValue(_json))
                    await output.Json(answer);
                else
                    await output.Line(Said(await Find(host, name, cancellationToken)));
                return ExitCode.Done;
            }
        );
        return command;

        static Option<string?> Word(string name, string description) => new(name) { Description = description };

        static JsonNode? Read(string property, string word) =>
            word == "none" ? null
            : property == "channels"
                ? new JsonArray([.. word.Split(',', StringSplitOptions.TrimEntries).Select(channel => JsonValue.Create(channel))])
            : JsonValue.Create(word);
    }

    async Task<int> List(ParseResult parsed, CancellationToken cancellationToken)
    {
        using var api = _api.Open(parsed);
        var (answer, types) = await api.List("v1/event-types", "eventTypes", cancellationToken);
        if (parsed.GetValue(_json))
            await output.Json(answer);
        else
            await output.Table(
                ["event type", "switch", "plan", "version", "configured"],
                [
                    .. types.Select(
                        IReadOnlyList<string?> (type) =>
                            [
                                type.Text("category"),
                                type.Text("switch"),
                                Plan(type["plan"]!),
                                type.Text("version"),
                                type["configured"] is { } configured ? Plan(configured) : "",
                            ]
                    ),
                ],
                "there is no event type"
            );
        return ExitCode.Done;
    }

    static async Task<JsonNode> Find(HostApi host, string name, CancellationToken cancellationToken) =>
        (await host.List("v1/event-types", "eventTypes", cancellationToken)).Items.FirstOrDefault(one => one.Text("category") == name)
        ?? throw new CommandException(ExitCode.NotThere, $"there is no event type {name}; 'event-types' lists them");

    static string Said(JsonNode type)
    {
        var configured = type["configured"] is { } other ? $" (configured: {Plan(other)})" : ", as configured";
        return $"{type.Text("category")} is {type.Text("switch")}, version {type.Text("version")}: {Plan(type["plan"]!)}{configured}";
    }

    static string Plan(JsonNode plan)
    {
        var isOneByOne = plan.Text("mode") == "first-that-works";
        var channels = string.Join(isOneByOne ? ", then " : " and ", plan.Items("channels"));
        var escalation = plan.Text("escalateAfter") is { } after
            ? $", the next one too unless {plan.Text("escalateUnless")} within {after}"
            : "";
        return $"{channels}{escalation}, of use for {plan.Text("lifetime")}";
    }
}
