using System.CommandLine;
using System.Text.Json.Nodes;
using NotificationBus.Host.Http;

namespace NotificationBus.Host.CommandLine;

/// <summary><c>tail</c>: notifications as they come, and again as they end; or each event of them.</summary>
/// <param name="output">Takes the lines.</param>
/// <param name="clock">The time.</param>
sealed class TailCommand(CommandOutput output, TimeProvider clock)
{
    static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    // What began on another host may come into the record a little later than what began after it.
    static readonly TimeSpan Lag = TimeSpan.FromSeconds(5);

    // What is on its way for longer is not followed to its end.
    static readonly TimeSpan Followed = TimeSpan.FromMinutes(10);

    // In each look. More in a second nobody reads.
    const int MostNew = 2000;

    const int MostFollowed = 20;

    // Those that a stream knows.
    static readonly IReadOnlyList<string> OfEvents = ["category", "recipient", "key"];

    readonly Option<string?> _events = new("--events")
    {
        Description = "Shows each event of them instead: all, or types with commas between them, such as delivery.failed,delivery.held.",
        HelpName = "types",
        Arity = ArgumentArity.ZeroOrOne,
    };

    readonly Option<bool> _json = CommonOptions.Json();
    readonly NotificationFilters _filters = new();
    readonly ApiOptions _api = new();
    readonly Dictionary<string, Shown> _shown = new(StringComparer.Ordinal);

    public Command Build()
    {
        var command = new Command("tail", "Shows notifications as they come and as they end, until Ctrl+C.") { _events, _json };
        _filters.AddTo(command, without: ["from", "to", "status"]);
        command.SetAction(Run);
        return _api.On(command);
    }

    async Task<int> Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        using var api = _api.Open(parsed);
        var (conditions, isJson) = (_filters.Read(parsed), parsed.GetValue(_json));
        if (parsed.GetResult(_events) is { Implicit: false })
            return await ShowEvents(api, parsed.GetValue(_events), conditions, isJson, cancellationToken);

        // By the host's clock, which the first answer tells.
        await api.List(NotificationFilters.Path(conditions, limit: 1), "notifications", cancellationToken);
        var begun = clock.GetUtcNow() + api.Ahead - Lag;
        try
        {
            while (true)
            {
                var since = clock.GetUtcNow() + api.Ahead - Lag - Lag;
                conditions["from"] = $"{(since < begun ? begun : since).UtcDateTime:yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'}";
                var found = await api.Pages(NotificationFilters.Path(conditions, MostNew), "notifications", cancellationToken)
                    .Take(MostNew)
                    .ToListAsync(cancellationToken);
                // The oldest first.
                foreach (var notification in found.AsEnumerable().Reverse())
                    await Show(notification, isJson);
                await FollowUp(api, isJson, cancellationToken);
                await Task.Delay(Pause, clock, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ExitCode.Done;
        }
    }

    async Task<int> ShowEvents(
        HostApi api,
        string? types,
        Dictionary<string, string> conditions,
        bool isJson,
        CancellationToken cancellationToken
    )
    {
        if (conditions.Keys.Except(OfEvents, StringComparer.Ordinal).ToList() is { Count: > 0 } others)
            throw new CommandException(ExitCode.Wrong, $"--events goes with {string.Join(", ", OfEvents)}, and not with {others[0]}");
        if (types is not null)
            conditions["events"] = types;
        var query = string.Join('&', conditions.Select(one => $"{one.Key}={Uri.EscapeDataString(one.Value)}"));
        try
        {
            await foreach (var happened in api.Events($"{EventStreamsApi.Path[1..]}?{query}", cancellationToken))
                await (
                    isJson ? output.Json(happened) : output.Line(string.Join("  ", Row(happened).Where(cell => cell is not (null or ""))))
                );
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Whoever looks has enough.
        }

        return ExitCode.Done;
    }

    static IReadOnlyList<string?> Row(JsonObject happened)
    {
        var data = happened["data"];
        return
        [
            happened.Time("timestamp"),
            happened.Text("type"),
            data?.Text("category"),
            data?.Text("recipientId"),
            data?.Text("channel"),
            data?.Text("provider"),
            data?.Text("code"),
            data?.Text("notificationId"),
        ];
    }

    /// <summary>Looks at some that were not at their end, those first that were not looked at for the longest.</summary>
    async Task FollowUp(HostApi api, bool isJson, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        foreach (var (id, _) in _shown.Where(one => one.Value.At < now - Followed).ToList())
            _shown.Remove(id);
        foreach (var (id, shown) in _shown.Where(one => !one.Value.HasEnded).OrderBy(one => one.Value.Looked).Take(MostFollowed).ToList())
        {
            _shown[id] = shown with { Looked = now };
            if (await api.Find($"v1/notifications/{id}", cancellationToken) is { } notification)
                await Show(notification, isJson);
        }
    }

    async Task Show(JsonNode notification, bool isJson)
    {
        var (id, status, now) = (notification.Text("id") ?? "", notification.Text("status"), clock.GetUtcNow());
        if (_shown.TryGetValue(id, out var before) && before.Status == status)
            return;

        _shown[id] = new Shown(status, before?.At ?? now, now);
        await (
            isJson
                ? output.Json(notification)
                : output.Line(string.Join("  ", FindCommand.Row(notification).Where(cell => cell is not (null or ""))))
        );
    }

    sealed record Shown(string? Status, DateTimeOffset At, DateTimeOffset Looked)
    {
        public bool HasEnded => Status is not ("accepted" or "sending" or "held");
    }
}
