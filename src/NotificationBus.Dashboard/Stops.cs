using MudBlazor;
using NotificationBus.Dashboard.Api;

namespace NotificationBus.Dashboard;

/// <summary>The stops of a delivery on its way: planned, waited, called, reported, settled; in the order in which they were.</summary>
static class Stops
{
    /// <summary>Puts them together.</summary>
    public static IReadOnlyList<Stop> Of(Notification notification, Delivery delivery)
    {
        var stops = new List<Stop>
        {
            new(
                delivery.BegunAt ?? notification.CreatedAt,
                delivery.BegunAt is null ? "Not begun" : "Planned",
                Tone.Quiet,
                Icons.Material.Rounded.Event
            ),
        };
        foreach (var decision in delivery.Decisions.Where(decision => decision.Code != "planned"))
            stops.Add(
                new Stop(decision.At, Words.Plain(decision.Code), Tone.Warn, Icons.Material.Rounded.HourglassTop)
                {
                    Detail = $"{Sentence(decision.Text)}{(decision.Times > 1 ? $" {decision.Times} times." : "")}",
                    Until = decision.Until > decision.At ? decision.Until : null,
                }
            );
        foreach (var attempt in delivery.Attempts)
        {
            var sign = Words.Status(attempt.Status);
            stops.Add(
                new Stop(attempt.StartedAt, $"{attempt.Provider}: {sign.Word.ToLowerInvariant()}", sign.Tone, sign.Icon)
                {
                    Detail = attempt.Reason is null ? $"Attempt {attempt.Number}" : $"Attempt {attempt.Number}. {Sentence(attempt.Reason)}",
                    Took = attempt.FinishedAt is { } finished ? Words.Span(finished - attempt.StartedAt) : null,
                    Trace = attempt.TraceId,
                    Reference = attempt.Status == "accepted" && attempt.Provider == delivery.Provider ? delivery.ProviderMessageId : null,
                }
            );
        }

        Add(delivery.ConfirmedAt, "Arrived, says the provider", Tone.Good, Icons.Material.Rounded.DoneAll);
        Add(delivery.OpenedAt, "Opened", Tone.Good, Icons.Material.Rounded.Drafts);
        Add(delivery.AutomaticReadAt, "Opened by a program", Tone.Quiet, Icons.Material.Rounded.SmartToy);
        Add(delivery.ReadAt, "Read", Tone.Good, Icons.Material.Rounded.Visibility);
        Add(delivery.SoftBouncedAt, "Came back for now", Tone.Warn, Icons.Material.Rounded.Undo);
        Add(delivery.BouncedAt, "Came back", Tone.Bad, Icons.Material.Rounded.Undo);
        Add(delivery.ComplainedAt, "Called spam", Tone.Bad, Icons.Material.Rounded.Report);
        Add(delivery.UnsubscribedAt, "Unsubscribed", Tone.Warn, Icons.Material.Rounded.Unsubscribe);
        if (delivery.WaitingUntil is { } next)
            stops.Add(
                new Stop(next, "Tried again by then", Tone.Info, Icons.Material.Rounded.Schedule)
                {
                    Detail = delivery.WaitingFor is { } what ? Sentence(what) : null,
                }
            );
        if (delivery.Status is "failed" or "expired" or "cancelled" or "not-needed" or "held")
        {
            var sign = Words.Status(delivery.Status);
            stops.Add(
                new Stop(delivery.SettledAt, sign.Word, sign.Tone, sign.Icon)
                {
                    Detail = (delivery.Reason ?? delivery.Cancellation) is { } why ? Sentence(why) : null,
                }
            );
        }

        return [.. stops.OrderBy(stop => stop.At ?? DateTimeOffset.MaxValue)];

        void Add(DateTimeOffset? at, string title, Tone tone, string icon)
        {
            if (at is not null)
                stops.Add(new Stop(at, title, tone, icon));
        }
    }

    static string Sentence(string text) => text.Length == 0 ? text : $"{char.ToUpperInvariant(text[0])}{text[1..].TrimEnd('.')}.";
}

/// <summary>A stop.</summary>
/// <param name="At">When; null when that is not known.</param>
/// <param name="Title">What happened.</param>
/// <param name="Tone">How good that is.</param>
/// <param name="Icon">Its picture.</param>
sealed record Stop(DateTimeOffset? At, string Title, Tone Tone, string Icon)
{
    /// <summary>More about it.</summary>
    public string? Detail { get; init; }

    /// <summary>How long it took.</summary>
    public string? Took { get; init; }

    /// <summary>Until when it lasted, or lasts.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>The trace of the call.</summary>
    public string? Trace { get; init; }

    /// <summary>The provider's own id for it.</summary>
    public string? Reference { get; init; }
}
