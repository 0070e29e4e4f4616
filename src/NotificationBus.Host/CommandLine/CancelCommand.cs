using System.CommandLine;
using System.Text.Json.Nodes;

namespace NotificationBus.Host.CommandLine;

/// <summary><c>cancel</c>: ends what is not sent yet of a notification.</summary>
sealed class CancelCommand(CommandOutput output)
{
    readonly Argument<string> _id = new("id") { Description = "The notification; 'find' has its id." };
    readonly Option<string> _why = CommonOptions.HasToSayWhy();
    readonly Option<bool> _json = CommonOptions.Json();
    readonly ApiOptions _api = new();

    public Command Build()
    {
        var command = new Command("cancel", "Ends what is not sent yet of a notification.") { _id, _why, _json };
        command.SetAction(Run);
        return _api.On(command);
    }

    async Task<int> Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        using var api = _api.Open(parsed);
        if (!Guid.TryParse(parsed.GetValue(_id), out var id))
            throw new CommandException(ExitCode.Wrong, "cancel takes the id of one notification; 'find' has it");

        var answer = await api.Send(
            HttpMethod.Post,
            $"v1/notifications/{id}/cancel",
            new JsonObject { ["by"] = CommonOptions.By, ["why"] = parsed.GetRequiredValue(_why) },
            cancellationToken
        );
        await (
            parsed.GetValue(_json) ? output.Json(answer) : output.Line($"{answer.Text("status") ?? "asked for"}; 'explain {id}' tells more")
        );
        return ExitCode.Done;
    }
}
