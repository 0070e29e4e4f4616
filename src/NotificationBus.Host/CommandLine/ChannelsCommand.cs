using System.CommandLine;
using System.Text.Json.Nodes;

namespace NotificationBus.Host.CommandLine;

/// <summary><c>channels</c>: paused, resumed, and the order of their accounts.</summary>
sealed class ChannelsCommand(CommandOutput output)
{
    readonly CommandOutput _output = output;
    readonly Option<bool> _json = CommonOptions.Json();
    readonly ApiOptions _api = new();

    public Command Build()
    {
        var command = new Command("channels", "Lists the channels: paused, and the order of their accounts.") { _json };
        command.SetAction(List);
        command.Subcommands.Add(BuildPause("pause", "Sends nothing on a channel; what is to be sent waits.", isPaused: true));
        command.Subcommands.Add(BuildPause("resume", "Sends on a channel again, also what has waited.", isPaused: false));
        command.Subcommands.Add(BuildOrder());
        return _api.On(command);
    }

    Command BuildPause(string name, string description, bool isPaused)
    {
        var change = new Change(this, name, description);
        change.Command.SetAction((parsed, cancellationToken) => change.Apply(parsed, body => body["paused"] = isPaused, cancellationToken));
        return change.Command;
    }

    Command BuildOrder()
    {
        var change = new Change(this, "order", "Sets the accounts that are tried, in order; what is left out is not used.");
        var accounts = new Argument<string?>("accounts")
        {
            Description = "Such as backup,smtp; without it the order of the settings comes back.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        change.Command.Arguments.Add(accounts);
        change.Command.SetAction(
            (parsed, cancellationToken) =>
                change.Apply(
                    parsed,
                    body =>
                        body["order"] = parsed.GetValue(accounts) is { } list
                            ? new JsonArray([
                                .. list.Split(',', StringSplitOptions.TrimEntries).Select(account => JsonValue.Create(account)),
                            ])
                            : null,
                    cancellationToken
                )
        );
        return change.Command;
    }

    async Task<int> List(ParseResult parsed, CancellationToken cancellationToken)
    {
        using var api = _api.Open(parsed);
        var (answer, channels) = await api.List("v1/channels", "channels", cancellationToken);
        if (parsed.GetValue(_json))
            await _output.Json(answer);
        else
            await _output.Table(
                ["channel", "", "accounts in order"],
                [
                    .. channels.Select(
                        IReadOnlyList<string?> (channel) =>
                            [channel.Text("channel"), IsPaused(channel) ? "paused" : "", channel.Joined("providers")]
                    ),
                ],
                "there is no channel"
            );
        return ExitCode.Done;
    }

    static bool IsPaused(JsonNode channel) => channel.Text("paused") == "true";

    /// <summary>A command that changes one thing of a channel, and leaves the other as it is.</summary>
    sealed class Change
    {
        readonly Argument<string> _channel = new("channel") { Description = "The channel." };
        readonly Option<string> _why = CommonOptions.HasToSayWhy();
        readonly ChannelsCommand _channels;

        public Change(ChannelsCommand channels, string name, string description) =>
            (_channels, Command) = (channels, new Command(name, description) { _channel, _why });

        public Command Command { get; }

        public async Task<int> Apply(ParseResult parsed, Action<JsonObject> change, CancellationToken cancellationToken)
        {
            using var api = _channels._api.Open(parsed);
            var name = parsed.GetRequiredValue(_channel);
            var current =
                (await api.List("v1/channels", "channels", cancellationToken)).Items.FirstOrDefault(one => one.Text("channel") == name)
                ?? throw new CommandException(ExitCode.NotThere, $"there is no channel {name}; 'channels' lists them");
            var body = new JsonObject
            {
                ["paused"] = IsPaused(current),
                ["by"] = CommonOptions.By,
                ["why"] = parsed.GetRequiredValue(_why),
            };
            if (current.Joined("providers") != current.Joined("configured"))
                body["order"] = current["providers"]?.DeepClone();
            change(body);
            var answer = await api.Send(HttpMethod.Put, $"v1/channels/{Uri.EscapeDataString(name)}", body, cancellationToken);
            var order = answer["order"] is null ? "" : $", by {answer.Joined("order")}";
            await (
                parsed.GetValue(_channels._json)
                    ? _channels._output.Json(answer)
                    : _channels._output.Line($"{name} is {(IsPaused(answer) ? "paused" : "sent on")}{order}")
            );
            return ExitCode.Done;
        }
    }
}
