using System.CommandLine;
using System.Text.Json.Nodes;

namespace NotificationBus.Host.CommandLine;

/// <summary><c>replay</c> and <c>archive</c>: failed messages, by their causes.</summary>
/// <param name="output">Takes the result.</param>
/// <param name="name"><c>replay</c> or <c>archive</c>.</param>
/// <param name="description">What it does.</param>
sealed class FailedMessagesCommand(CommandOutput output, string name, string description)
{
    /// <summary>Puts messages back.</summary>
    public const string Replay = "replay";

    /// <summary>Puts messages away.</summary>
    public const string Archive = "archive";

    readonly Argument<string?> _id = new("id") { Description = "One message.", Arity = ArgumentArity.ZeroOrOne };
    readonly Option<string?> _cause = new("--cause") { Description = "All of a cause, as it is listed.", HelpName = "text" };
    readonly Option<bool> _all = new("--all") { Description = "All that wait for a decision." };
    readonly Option<string?> _edited = new("--edited")
    {
        Description = "A file with the envelope as it is to go out in the place of the one that came; - reads the standard input.",
        HelpName = "file",
    };
    readonly Option<string?> _why = CommonOptions.Why();
    readonly Option<bool> _json = CommonOptions.Json();
    readonly ApiOptions _api = new();

    public Command Build()
    {
        var command = new Command(name, $"{description} Without saying which, lists the causes.") { _id, _cause, _all, _why, _json };
        if (name == Replay)
            command.Add(_edited);
        command.SetAction(Run);
        return _api.On(command);
    }

    async Task<int> Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        using var api = _api.Open(parsed);
        var (id, cause, all, isJson) = (parsed.GetValue(_id), parsed.GetValue(_cause), parsed.GetValue(_all), parsed.GetValue(_json));
        if ((id is null ? 0 : 1) + (cause is null ? 0 : 1) + (all ? 1 : 0) > 1)
            throw new CommandException(ExitCode.Wrong, "say an id, --cause or --all, and not two of them");
        if (id is not null && !Guid.TryParse(id, out _))
            throw new CommandException(ExitCode.Wrong, $"{name} takes the id of one message, --cause or --all");
        var edited = name == Replay ? parsed.GetValue(_edited) : null;
        if (edited is not null && id is null)
            throw new CommandException(ExitCode.Wrong, "--edited is for one message: say its id");
        if (id is null && cause is null && !all)
            return await List(api, isJson, cancellationToken);

        var body = new JsonObject { ["by"] = CommonOptions.By };
        if ((parsed.GetValue(_why) ?? (edited is null ? "not said" : null)) is { } why)
            body["why"] = why;
        if (edited is not null)
            body["body"] = await EventFile.ReadObject(edited, cancellationToken);
        if (cause is not null)
            body["cause"] = cause;
        if (all)
            body["all"] = true;
        var path = id is null ? $"v1/failed-messages/{name}" : $"v1/failed-messages/{id}/{name}";
        var answer = await api.Send(HttpMethod.Post, path, body, cancellationToken);
        var count = answer.Text("replayed") ?? answer.Text("archived") ?? "0";
        await (isJson ? output.Json(answer) : output.Line($"{name}: {count}"));
        return count == "0" ? ExitCode.NotThere : ExitCode.Done;
    }

    async Task<int> List(HostApi api, bool isJson, CancellationToken cancellationToken)
    {
        var (answer, causes) = await api.List("v1/failed-messages/causes", "causes", cancellationToken);
        if (isJson)
            await output.Json(answer);
        else
            await output.Table(
                ["count", "last", "queue", "reason", "cause"],
                [
                    .. causes.Select(
                        IReadOnlyList<string?> (cause) =>
                            [
                                cause.Text("count"),
                                cause.Time("lastFailedAt"),
                                cause.Text("queue"),
                                cause.Text("reason"),
                                cause.Text("cause"),
                            ]
                    ),
                ],
                "nothing waits for a decision"
            );
        return ExitCode.Done;
    }
}
