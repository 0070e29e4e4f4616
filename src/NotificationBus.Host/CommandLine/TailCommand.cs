using System.CommandLine;
using System.Text.Json.Nodes;

namespace NotificationBus.Host.CommandLine;

/// <summary><c>tail</c>: notifications as they come, and again as they end.</summary>
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

    readonly Option<bool> _json = CommonOptions.Json();
    readonly NotificationFilters _filters = new();
    readonly ApiOptions _api = new();
    readonly Dictionary<string, Shown> _shown = new(StringComparer.Ordinal);

    public Command Build()
    {
        var command = new Command("tail", "Shows notifications as they come and as they end, until Ctrl+C.") { _json };
        _filters.AddTo(command, without: ["from", "to", "status"]);
        command.SetAction(Run);
        return _api.On(command);
    }

    async Task<int> Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        using var api = _api.Open(parsed);
        var (conditions, isJson) = (_filters.Read(parsed), parsed.GetValue(_json));
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
