using System.CommandLine;
using System.Globalization;

namespace NotificationBus.Host.CommandLine;

/// <summary>The conditions of searches: those of <c>GET /v1/notifications</c> under the same names.</summary>
sealed class NotificationFilters
{
    const int LargestPage = 200;

    static readonly (string Option, string Parameter, string Description)[] Known =
    [
        ("--key", "key", "A business key, such as order:4711."),
        ("--event-id", "eventId", "The producer's name for the occurrence."),
        ("--recipient", "recipient", "The recipient's id."),
        ("--address", "address", "An address, however it is written."),
        ("--status", "status", "sending, held, delivered, partly-delivered, cancelled, expired or failed."),
        ("--category", "category", "The category, such as order-placed."),
        ("--template-version", "templateVersion", "The version of the texts with which it was planned."),
        ("--channel", "channel", "A channel of its plan."),
        ("--provider", "provider", "An account that was asked to send it."),
        ("--provider-message-id", "providerMessageId", "The id that a provider gave it."),
        ("--from", "from", "A time with its offset, or a day: from then on."),
        ("--to", "to", "A time with its offset, or a day: before then."),
    ];

    readonly List<(Option<string?> Option, string Parameter)> _options =
    [
        .. Known.Select(known => (new Option<string?>(known.Option) { Description = known.Description }, known.Parameter)),
    ];

    /// <summary>Adds them to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="without">Parameters that the command has another way to say.</param>
    public void AddTo(Command command, params IReadOnlyList<string> without)
    {
        foreach (var (option, parameter) in _options)
        {
            if (!without.Contains(parameter, StringComparer.Ordinal))
                command.Options.Add(option);
        }
    }

    /// <summary>The conditions that were said, by their parameters.</summary>
    public Dictionary<string, string> Read(ParseResult parsed) =>
        _options
            .Where(one => parsed.CommandResult.Command.Options.Contains(one.Option) && parsed.GetValue(one.Option) is not null)
            .ToDictionary(one => one.Parameter, one => parsed.GetValue(one.Option)!, StringComparer.Ordinal);

    /// <summary>The address of the first page of a search.</summary>
    /// <param name="conditions">By their parameters.</param>
    /// <param name="limit">The most that are wanted; a page has at most 200.</param>
    public static string Path(IEnumerable<KeyValuePair<string, string>> conditions, int limit) =>
        conditions.Aggregate(
            string.Create(CultureInfo.InvariantCulture, $"v1/notifications?limit={Math.Min(limit, LargestPage)}"),
            (path, condition) => $"{path}&{condition.Key}={Uri.EscapeDataString(condition.Value)}"
        );
}
