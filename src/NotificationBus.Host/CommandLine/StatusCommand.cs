using System.CommandLine;

namespace NotificationBus.Host.CommandLine;

/// <summary><c>status</c>: what is wrong now, and since when.</summary>
sealed class StatusCommand(CommandOutput output)
{
    readonly Option<bool> _json = CommonOptions.Json();
    readonly ApiOptions _api = new();

    public Command Build()
    {
        var command = new Command("status", "Tells what is wrong now and since when; its exit code is 1 then.") { _json };
        command.SetAction(Run);
        return _api.On(command);
    }

    async Task<int> Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        using var api = _api.Open(parsed);
        var (status, problems) = await api.List("v1/status", "problems", cancellationToken);
        if (parsed.GetValue(_json))
            await output.Json(status);
        else
            await output.Table(
                ["since", "what", "where", "detail"],
                [
                    .. problems.Select(
                        IReadOnlyList<string?> (problem) =>
                            [problem.Time("since"), problem.Text("code"), problem.Text("where"), problem.Text("detail")]
                    ),
                ],
                "all is well"
            );
        return problems.Count == 0 ? ExitCode.Done : ExitCode.NotThere;
    }
}
