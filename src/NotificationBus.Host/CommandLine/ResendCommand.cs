using System.CommandLine;
using System.Text.Json.Nodes;

namespace NotificationBus.Host.CommandLine;

/// <summary><c>resend</c>: sends a delivery that has ended once more.</summary>
sealed class ResendCommand(CommandOutput output)
{
    readonly Argument<string> _id = new("id") { Description = "The notification; 'find' has its id." };

    readonly Option<string?> _delivery = new("--delivery")
    {
        Description = "The delivery, where the notification has more than one.",
        HelpName = "id",
    };

    readonly Option<string> _why = CommonOptions.HasToSayWhy();
    readonly Option<bool> _json = CommonOptions.Json();
    readonly ApiOptions _api = new();

    public Command Build()
    {
        var command = new Command("resend", "Sends a delivery that has ended once more.") { _id, _delivery, _why, _json };
        command.SetAction(Run);
        return _api.On(command);
    }

    async Task<int> Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        using var api = _api.Open(parsed);
        if (!Guid.TryParse(parsed.GetValue(_id), out var id))
            throw new CommandException(ExitCode.Wrong, "resend takes the id of one notification; 'find' has it");
        var said = parsed.GetValue(_delivery);
        if (said is not null && !Guid.TryParse(said, out _))
            throw new CommandException(ExitCode.Wrong, "--delivery takes the id of one delivery");

        var delivery = said ?? await OnlyDelivery(api, id, cancellationToken);
        var answer = await api.Send(
            HttpMethod.Post,
            $"v1/notifications/{id}/deliveries/{delivery}/resend",
            new JsonObject { ["by"] = CommonOptions.By, ["why"] = parsed.GetRequiredValue(_why) },
            cancellationToken
        );
        await (
            parsed.GetValue(_json)
                ? output.Json(answer)
                : output.Line($"{answer.Text("status")}  {answer.Text("id")}; 'explain {answer.Text("id")}' tells what becomes of it")
        );
        return ExitCode.Done;
    }

    static async Task<string> OnlyDelivery(HostApi api, Guid id, CancellationToken cancellationToken)
    {
        var notification = await api.Get($"v1/notifications/{id}", cancellationToken);
        IReadOnlyList<JsonNode> deliveries = notification["deliveries"] is JsonArray ? [.. notification.Items("deliveries")] : [];
        return deliveries is [var only]
            ? only.Text("id")!
            : throw new CommandException(
                ExitCode.Wrong,
                deliveries.Count == 0
                    ? "the notification has no delivery"
                    : $"say which with --delivery: {string.Join(", ", deliveries.Select(Shown))}"
            );

        static string Shown(JsonNode one) => $"{one.Text("id")} ({one.Text("channel")}, {one.Text("status")})";
    }
}
