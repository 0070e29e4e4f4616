using System.CommandLine;
using System.Text.Json.Nodes;

namespace NotificationBus.Host.CommandLine;

/// <summary><c>withdraw</c>: sends none of the notifications with a business key, also those that have yet to begin.</summary>
sealed class WithdrawCommand(CommandOutput output)
{
    readonly Argument<string> _key = new("key") { Description = "The business key, as order:4711." };

    readonly Option<string> _categories = new("--categories")
    {
        Description = "The categories, separated by commas. What is told besides goes on.",
        HelpName = "payment-reminder-due",
        Required = true,
    };

    readonly Option<string?> _before = new("--before")
    {
        Description = "A time with its offset: those that begin later are sent.",
        HelpName = "time",
    };

    readonly Option<string?> _application = new("--application")
    {
        Description = "Whose they are; needed by whoever sees all applications.",
        HelpName = "shop",
    };

    readonly Option<bool> _preview = new("--preview") { Description = "Withdraws nothing, and says how many there are." };
    readonly Option<string?> _why = CommonOptions.Why();
    readonly Option<bool> _json = CommonOptions.Json();
    readonly ApiOptions _api = new();

    public Command Build()
    {
        var command = new Command("withdraw", "Sends none of the notifications with a business key, also those that have yet to begin.")
        {
            _key,
            _categories,
            _before,
            _application,
            _preview,
            _why,
            _json,
        };
        command.SetAction(Run);
        return _api.On(command);
    }

    async Task<int> Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        using var api = _api.Open(parsed);
        var isPreview = parsed.GetValue(_preview);
        var body = new JsonObject
        {
            ["key"] = parsed.GetRequiredValue(_key),
            ["categories"] = new JsonArray([
                .. parsed.GetRequiredValue(_categories).Split(',', StringSplitOptions.TrimEntries).Select(category => (JsonNode)category),
            ]),
        };
        if (parsed.GetValue(_before) is { } before)
            body["before"] = before;
        if (isPreview)
            body["preview"] = true;
        else
            (body["by"], body["why"]) = (
                CommonOptions.By,
                parsed.GetValue(_why) ?? throw new CommandException(ExitCode.Wrong, "say --why, for the record, or --preview")
            );

        var query = parsed.GetValue(_application) is { } application ? $"?application={Uri.EscapeDataString(application)}" : "";
        var answer = await api.Send(HttpMethod.Post, $"v1/withdrawals{query}", body, cancellationToken);
        if (parsed.GetValue(_json))
            await output.Json(answer);
        else if (isPreview)
            await output.Line($"{answer.Text("found")} found{Statuses(answer)}");
        else
            await output.Line(
                $"{answer.Text("withdrawn")} deliveries withdrawn, {answer.Text("sent")} were sent, {answer.Text("inDoubt")} in doubt"
            );
        if (answer.Text("isComplete") == "false")
            await output.Remark("there are more: publish WithdrawNotifications, which has no limit");
        return ExitCode.Done;
    }

    static string Statuses(JsonObject preview) =>
        preview["statuses"] is JsonObject { Count: > 0 } statuses
            ? $": {string.Join(", ", statuses.Select(status => $"{status.Value} {status.Key}"))}"
            : "";
}
