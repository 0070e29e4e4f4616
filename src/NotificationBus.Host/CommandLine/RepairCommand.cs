using System.CommandLine;
using System.Text.Json.Nodes;

namespace NotificationBus.Host.CommandLine;

/// <summary><c>repair</c>: what has failed is begun anew, as planned.</summary>
sealed class RepairCommand(CommandOutput output, TimeProvider clock)
{
    const string Latest = "latest";

    static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);

    readonly Option<bool> _json = CommonOptions.Json();
    readonly ApiOptions _api = new();

    public Command Build()
    {
        var command = new Command("repair", "Lists the repairs, the newest first; plans and runs them.") { _json };
        command.SetAction(List);
        command.Subcommands.Add(BuildPlan());
        command.Subcommands.Add(BuildShow());
        command.Subcommands.Add(BuildRun());
        command.Subcommands.Add(BuildEnd("pause", "Pauses a repair before its next notification."));
        command.Subcommands.Add(BuildEnd("stop", "Ends a repair for good before its next notification."));
        return _api.On(command);
    }

    Command BuildPlan()
    {
        var filters = new NotificationFilters();
        var limit = new Option<int?>("--limit") { Description = "The most notifications, the newest first, 1 to 10000." };
        var why = CommonOptions.HasToSayWhy();
        var command = new Command("plan", "Says how many would be begun anew, by cause, and what is left out and why. Sends nothing.")
        {
            limit,
            why,
        };
        filters.AddTo(command);
        command.SetAction(
            async (parsed, cancellationToken) =>
            {
                using var api = _api.Open(parsed);
                var filter = new JsonObject();
                foreach (var (parameter, value) in filters.Read(parsed))
                    filter[parameter] = value;
                var body = Body(parsed.GetRequiredValue(why));
                body["filter"] = filter;
                if (parsed.GetValue(limit) is { } most)
                    body["limit"] = most;
                var repair = await api.Send(HttpMethod.Post, "v1/repairs", body, cancellationToken);
                await Show(repair, parsed.GetValue(_json));
                return ExitCode.Done;
            }
        );
        return command;
    }

    Command BuildShow()
    {
        var id = Id();
        var command = new Command("show", "Tells how a repair stands.") { id };
        command.SetAction(
            async (parsed, cancellationToken) =>
            {
                using var api = _api.Open(parsed);
                await Show(
                    await api.Get(await Path(api, parsed.GetRequiredValue(id), cancellationToken), cancellationToken),
                    parsed.GetValue(_json)
                );
                return ExitCode.Done;
            }
        );
        return command;
    }

    Command BuildRun()
    {
        var id = Id();
        var perSecond = new Option<int?>("--per-second") { Description = "The most that are begun in a second, 1 to 100; 10 by default." };
        var limit = new Option<int?>("--limit") { Description = "How many are begun before it pauses; all by default." };
        var why = CommonOptions.HasToSayWhy();
        var command = new Command("run", "Runs a repair, or goes on with it, and waits until it is done, paused or stopped.")
        {
            id,
            perSecond,
            limit,
            why,
        };
        command.SetAction(
            async (parsed, cancellationToken) =>
            {
                using var api = _api.Open(parsed);
                var path = await Path(api, parsed.GetRequiredValue(id), cancellationToken);
                var body = Body(parsed.GetRequiredValue(why));
                if (parsed.GetValue(perSecond) is { } rate)
                    body["perSecond"] = rate;
                if (parsed.GetValue(limit) is { } most)
                    body["limit"] = most;
                var repair = await api.Send(HttpMethod.Post, $"{path}/run", body, cancellationToken);
                repair = await Follow(api, path, repair, cancellationToken);
                await Show(repair, parsed.GetValue(_json));
                return ExitCode.Done;
            }
        );
        return command;
    }

    Command BuildEnd(string name, string description)
    {
        var id = Id();
        var why = CommonOptions.HasToSayWhy();
        var command = new Command(name, description) { id, why };
        command.SetAction(
            async (parsed, cancellationToken) =>
            {
                using var api = _api.Open(parsed);
                var path = $"{await Path(api, parsed.GetRequiredValue(id), cancellationToken)}/{name}";
                await Show(
                    await api.Send(HttpMethod.Post, path, Body(parsed.GetRequiredValue(why)), cancellationToken),
                    parsed.GetValue(_json)
                );
                return ExitCode.Done;
            }
        );
        return command;
    }

    async Task<int> List(ParseResult parsed, CancellationToken cancellationToken)
    {
        using var api = _api.Open(parsed);
        var (answer, repairs) = await api.List("v1/repairs", "repairs", cancellationToken);
        if (parsed.GetValue(_json))
            await output.Json(answer);
        else
            await output.Table(
                ["repair", "status", "planned at", "by", "why"],
                [
                    .. repairs.Select(
                        IReadOnlyList<string?> (repair) =>
                            [repair.Text("id"), repair.Text("status"), repair.Time("createdAt"), repair.Text("who"), repair.Text("why")]
                    ),
                ],
                "no repair was planned"
            );
        return ExitCode.Done;
    }

    /// <summary>Waits under a bar. It goes on without anybody who waits.</summary>
    async Task<JsonObject> Follow(HostApi api, string path, JsonObject repair, CancellationToken cancellationToken)
    {
        var (left, done) = (Number(repair, "planned"), 0L);
        // With nothing to begin there is no bar; it is done all the same only when the host at it has said so.
        if (left == 0 || !IsRunning(repair))
            await Wait(() => { });
        else
            await output.Progress("repair", (int)left, Wait);
        return repair;

        async Task Wait(Action more)
        {
            while (IsRunning(repair))
            {
                await Task.Delay(LookAgain, clock, cancellationToken);
                repair = await api.Get(path, cancellationToken);
                for (var now = left - Number(repair, "planned"); done < now; done++)
                    more();
            }
        }
    }

    async Task Show(JsonObject answer, bool isJson)
    {
        if (isJson)
        {
            await output.Json(answer);
            return;
        }

        var repair = answer["repair"]!;
        await output.Line($"{repair.Text("id")} is {repair.Text("status")}{(repair.Text("note") is { } note ? $": {note}" : "")}");
        await output.Line(
            $"{answer.Text("found")} found: {answer.Text("planned")} to begin, {answer.Text("repaired")} begun, "
                + $"{answer.Text("leftOut")} left out"
        );
        await output.Table(
            ["count", "begun", "failed because", "channel", "account"],
            [
                .. answer
                    .Items("causes")
                    .Select(
                        IReadOnlyList<string?> (cause) =>
                            [cause.Text("count"), cause.Text("repaired"), cause.Text("code"), cause.Text("channel"), cause.Text("provider")]
                    ),
            ],
            "nothing is to be begun"
        );
        if (answer.Items("exclusions").Any())
            await output.Table(
                ["count", "left out", "because"],
                [
                    .. answer
                        .Items("exclusions")
                        .Select(IReadOnlyList<string?> (reason) => [reason.Text("count"), reason.Text("reason"), reason.Text("text")]),
                ],
                ""
            );
        foreach (var channel in answer.Items("channels").Where(channel => channel.Text("cost") is not null))
            await output.Line($"{channel.Text("channel")} costs {channel.Text("cost")} for {channel.Text("count")}");
    }

    static bool IsRunning(JsonObject answer) => answer["repair"]?.Text("status") == "running";

    static long Number(JsonObject answer, string property) => answer[property]?.GetValue<long>() ?? 0;

    static JsonObject Body(string why) => new() { ["by"] = CommonOptions.By, ["why"] = why };

    static Argument<string> Id() => new("id") { Description = "The repair; 'latest' is the one that was planned last." };

    static async Task<string> Path(HostApi api, string id, CancellationToken cancellationToken)
    {
        if (id != Latest)
            return Guid.TryParse(id, out var known)
                ? $"v1/repairs/{known}"
                : throw new CommandException(ExitCode.Wrong, "say the id of a repair, or latest; 'repair' lists them");

        var (_, repairs) = await api.List("v1/repairs?limit=1", "repairs", cancellationToken);
        return repairs is [var newest, ..]
            ? $"v1/repairs/{newest.Text("id")}"
            : throw new CommandException(ExitCode.NotThere, "no repair was planned");
    }
}
