using System.CommandLine;
using System.Text.Json.Nodes;

namespace NotificationBus.Host.CommandLine;

/// <summary><c>decide</c>: about deliveries of which nobody knows whether they were sent.</summary>
sealed class DecideCommand(CommandOutput output)
{
    static readonly (string Option, string Property, string Description)[] Conditions =
    [
        ("--category", "category", "Of this category."),
        ("--channel", "channel", "On this channel."),
        ("--provider", "provider", "That this account may have sent."),
        ("--recipient", "recipient", "To this recipient."),
        ("--reason", "reason", "With this in the reason why they are held."),
        ("--from", "from", "Whose notification began then or later."),
        ("--to", "to", "Whose notification began before."),
    ];

    readonly Argument<string?> _decision = new("decision")
    {
        Description = "resend, sent or failed; without it, nothing is decided, and it says how many they are and why they are held.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    readonly List<(Option<string?> Option, string Property)> _conditions =
    [
        .. Conditions.Select(one => (new Option<string?>(one.Option) { Description = one.Description }, one.Property)),
    ];

    readonly Option<bool> _all = new("--all") { Description = "About all that are held." };
    readonly Option<string?> _why = CommonOptions.Why();
    readonly Option<bool> _json = CommonOptions.Json();
    readonly ApiOptions _api = new();

    public Command Build()
    {
        var command = new Command("decide", "Decides about held deliveries that have something in common, at most 1,000 in a call.")
        {
            _decision,
            _all,
            _why,
            _json,
        };
        foreach (var (option, _) in _conditions)
            command.Options.Add(option);
        command.SetAction(Run);
        return _api.On(command);
    }

    async Task<int> Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        using var api = _api.Open(parsed);
        var filter = new JsonObject();
        foreach (var (option, property) in _conditions.Where(one => parsed.GetValue(one.Option) is not null))
            filter[property] = parsed.GetValue(option);
        var decision = parsed.GetValue(_decision);
        if (decision is not null && filter.Count == 0 && !parsed.GetValue(_all))
            throw new CommandException(ExitCode.Wrong, "say about which by a condition, or --all");
        if (decision is not null && parsed.GetValue(_why) is null)
            throw new CommandException(ExitCode.Wrong, "say --why, for the record");
        var body = new JsonObject { ["filter"] = filter };
        if (decision is null)
            body["preview"] = true;
        else
            (body["decision"], body["by"], body["why"]) = (decision, CommonOptions.By, parsed.GetValue(_why));
        var answer = await api.Send(HttpMethod.Post, "v1/decisions", body, cancellationToken);
        if (parsed.GetValue(_json))
            await output.Json(answer);
        else if (decision is null)
            await output.Table(
                ["count", "channel", "account", "held because"],
                [
                    .. answer
                        .Items("causes")
                        .Select(
                            IReadOnlyList<string?> (cause) =>
                                [cause.Text("count"), cause.Text("channel"), cause.Text("provider"), cause.Text("reason")]
                        ),
                ],
                "nothing that fits is held"
            );
        else
            await output.Line($"{answer.Text("decided") ?? "0"} decided, {answer.Text("left") ?? "0"} left");
        return ExitCode.Done;
    }
}
