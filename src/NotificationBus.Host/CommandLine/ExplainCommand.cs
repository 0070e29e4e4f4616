using System.CommandLine;

namespace NotificationBus.Host.CommandLine;

/// <summary><c>explain</c>: the story of a notification.</summary>
sealed class ExplainCommand(CommandOutput output)
{
    // More nobody reads; find lists them.
    const int MostStories = 5;

    static readonly Dictionary<string, string> NoConditions = new(StringComparer.Ordinal);

    readonly Argument<string> _what = new("what")
    {
        Description = "A notification's id, an order number, an event id, an address, or a provider's id.",
    };

    readonly Option<bool> _json = CommonOptions.Json();
    readonly ApiOptions _api = new();

    public Command Build()
    {
        var command = new Command("explain", "Tells what happened to a notification, whether they got it, and why.") { _what, _json };
        command.SetAction(Run);
        return _api.On(command);
    }

    async Task<int> Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        using var api = _api.Open(parsed);
        var (what, isJson) = (parsed.GetRequiredValue(_what), parsed.GetValue(_json));
        if (Guid.TryParse(what, out var id) && await Tell(api, $"{id}", isJson, cancellationToken))
            return ExitCode.Done;

        var found = await Lookup.Find(api, what, NoConditions, MostStories + 1, cancellationToken);
        if (found.Count == 0)
        {
            await output.Remark(FindCommand.Nothing);
            return ExitCode.NotThere;
        }

        foreach (var (index, one) in found.Take(MostStories).Index())
        {
            if (index > 0)
                await output.Line("");
            await Tell(api, one.Text("id")!, isJson, cancellationToken);
        }

        if (found.Count > MostStories && !isJson)
            await output.Remark("there are more: 'find' lists them");
        return ExitCode.Done;
    }

    async Task<bool> Tell(HostApi api, string id, bool isJson, CancellationToken cancellationToken)
    {
        var path = $"v1/notifications/{id}/explain";
        if (isJson)
        {
            if (await api.Find(path, cancellationToken) is not { } story)
                return false;
            await output.Json(story);
            return true;
        }

        if (await api.FindText(path, cancellationToken) is not { } text)
            return false;
        await output.Line(text.TrimEnd());
        return true;
    }
}
