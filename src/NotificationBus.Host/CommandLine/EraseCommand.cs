using System.CommandLine;
using System.Text.Json.Nodes;

namespace NotificationBus.Host.CommandLine;

/// <summary><c>erase</c>: takes one person out of the record. By itself it shows how much there is, and changes nothing.</summary>
sealed class EraseCommand(CommandOutput output)
{
    // In the order in which they are shown.
    static readonly (string Name, string Words)[] Counts =
    [
        ("notifications", "notifications"),
        ("cancelled", "of them not ended, which are cancelled"),
        ("waiting", "deliveries waiting or on their way"),
        ("held", "deliveries held"),
        ("contents", "texts"),
        ("webhookBodies", "webhook bodies"),
        ("suppressions", "suppressions, which stay as hashes"),
        ("failedMessages", "failed messages"),
        ("caughtDeliveries", "caught deliveries"),
        ("notes", "entries of the diary and filters"),
    ];

    readonly Option<string?> _recipient = new("--recipient") { Description = "The recipient's id.", HelpName = "buyer-7" };

    readonly Option<string[]> _address = new("--address")
    {
        Description = "An address; may be said several times.",
        HelpName = "som@example.com",
    };

    readonly Option<string?> _application = new("--application")
    {
        Description = "Whose recipient it is; needed by whoever sees all applications.",
        HelpName = "shop",
    };

    readonly Option<bool> _yes = new("--yes") { Description = "Erases. Without it nothing is changed." };
    readonly Option<string?> _why = CommonOptions.Why();
    readonly Option<bool> _json = CommonOptions.Json();
    readonly ApiOptions _api = new();

    public Command Build()
    {
        var command = new Command("erase", "Takes one person out of the record; shows how much there is of the person until --yes is said.")
        {
            _recipient,
            _address,
            _application,
            _yes,
            _why,
            _json,
        };
        command.SetAction(Run);
        return _api.On(command);
    }

    async Task<int> Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        using var api = _api.Open(parsed);
        var erases = parsed.GetValue(_yes);
        var body = new JsonObject();
        if (parsed.GetValue(_recipient) is { } recipient)
            body["recipient"] = recipient;
        if (parsed.GetValue(_address) is { Length: > 0 } addresses)
            body["addresses"] = new JsonArray([.. addresses.Select(address => (JsonNode)address)]);
        if (erases)
            (body["by"], body["why"]) = (
                CommonOptions.By,
                parsed.GetValue(_why) ?? throw new CommandException(ExitCode.Wrong, "say --why, for the record; it stays, and names nobody")
            );
        else
            body["preview"] = true;

        var query = parsed.GetValue(_application) is { } application ? $"?application={Uri.EscapeDataString(application)}" : "";
        JsonObject answer;
        var sums = Counts.ToDictionary(count => count.Name, _ => 0L, StringComparer.Ordinal);
        while (true)
        {
            answer = await api.Send(HttpMethod.Post, $"v1/recipients/erase{query}", body, cancellationToken);
            foreach (var (name, _) in Counts)
                sums[name] += answer[name]?.GetValue<long>() ?? 0;
            // What is there already is done: the same call goes on, as long as it gets further.
            if (!erases || answer.Text("isComplete") == "true" || answer.Text("notifications") == "0")
                break;

            await output.Remark($"{sums["notifications"]} notifications erased, and there are more");
        }

        foreach (var (name, sum) in sums)
            answer[name] = sum;
        if (parsed.GetValue(_json))
            await output.Json(answer);
        else
        {
            await output.Line($"{(erases ? "erased, and called" : "is to be called")} {answer.Text("recipient")}");
            foreach (var (name, words) in Counts.Where(count => sums[count.Name] > 0))
                await output.Line($"{sums[name], 8} {words}");
        }

        var isComplete = answer.Text("isComplete") == "true";
        if (!isComplete)
            await output.Remark(erases ? "something is left: erase once more" : "there are more than were counted");
        if (!erases)
            await output.Remark("nothing is changed; --yes erases");
        return erases && !isComplete ? ExitCode.NoAnswer : ExitCode.Done;
    }
}
