using System.CommandLine;
using System.Text.Json.Nodes;

namespace NotificationBus.Host.CommandLine;

/// <summary><c>find</c>: notifications by whatever is at hand.</summary>
sealed class FindCommand(CommandOutput output)
{
    /// <summary>What is said when nothing is found.</summary>
    public const string Nothing = "nothing on record fits; a notification that was accepted just now comes within a second";

    static readonly IReadOnlyList<string> Columns = ["began", "status", "category", "recipient", "channels", "id", "reason"];

    readonly Argument<string?> _what = new("what")
    {
        Description =
            "An order number, an event id, a notification's id, an address, a recipient, a provider's id, or name:value of a key.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    readonly Option<int> _limit = new("--limit")
    {
        Description = "The most that are listed, the newest first, from 1.",
        DefaultValueFactory = _ => 50,
    };

    readonly Option<bool> _json = CommonOptions.Json();
    readonly NotificationFilters _filters = new();
    readonly ApiOptions _api = new();

    public Command Build()
    {
        var command = new Command("find", "Lists notifications, the newest first, by what is at hand and by any conditions.")
        {
            _what,
            _limit,
            _json,
        };
        _filters.AddTo(command);
        command.SetAction(Run);
        return _api.On(command);
    }

    async Task<int> Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        using var api = _api.Open(parsed);
        var (limit, conditions) = (parsed.GetValue(_limit), _filters.Read(parsed));
        if (limit < 1)
            throw new CommandException(ExitCode.Wrong, "--limit must be 1 or more");

        IReadOnlyList<JsonNode> found = parsed.GetValue(_what) is { } word
            ? await Lookup.Find(api, word, conditions, limit, cancellationToken)
            : await api.Pages(NotificationFilters.Path(conditions, limit), "notifications", cancellationToken)
                .Take(limit)
                .ToListAsync(cancellationToken);
        if (found.Count == 0)
        {
            await output.Remark(Nothing);
            return ExitCode.NotThere;
        }

        if (!parsed.GetValue(_json))
            await output.Table(Columns, [.. found.Select(Row)], Nothing);
        else
            foreach (var notification in found)
                await output.Json(notification);
        return ExitCode.Done;
    }

    /// <summary>A notification in short.</summary>
    public static IReadOnlyList<string?> Row(JsonNode notification) =>
        [
            notification.Time("createdAt"),
            notification.Text("status"),
            notification.Text("category"),
            notification.Text("recipient"),
            notification["channels"] is null
                ? string.Join(
                    ", ",
                    notification.Items("deliveries").Select(delivery => delivery.Text("channel")).Distinct(StringComparer.Ordinal)
                )
                : notification.Joined("channels"),
            notification.Text("id"),
            notification.Text("reason"),
        ];
}
