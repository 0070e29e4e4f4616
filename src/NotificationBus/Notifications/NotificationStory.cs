using System.Globalization;
using System.Text.Json;
using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Providers.Accounts;
using NotificationBus.Providers.Controls;

namespace NotificationBus.Notifications;

/// <summary>
/// Tells the story of a notification from what is on record. Pure: the same record makes the same story, whichever store keeps it.
/// </summary>
/// <param name="notification">The notification as people read it: addresses are shortened there.</param>
/// <param name="changes">What operators and automation did meanwhile, newest first.</param>
/// <param name="now">The time at which it is told.</param>
sealed class NotificationStory(NotificationView notification, IReadOnlyList<ControlChange> changes, DateTimeOffset now)
{
    /// <summary>Tells it.</summary>
    public Explanation Tell() =>
        new()
        {
            Id = notification.Id,
            Status = notification.Status,
            Code = notification.Code,
            Story =
            [
                // Of what happened in the same moment, in the order in which it is told.
                .. Beginning()
                    .Concat(notification.Deliveries.SelectMany(Delivery))
                    .Concat(changes.Reverse().Select(Change))
                    .Concat(End())
                    .OrderBy(step => step.At),
            ],
            WaitsFor = WaitsFor(),
            Answer = Answer(),
        };

    /// <summary>A time as the story tells it: UTC.</summary>
    public static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    IEnumerable<ExplainedStep> Beginning()
    {
        var name = notification.EventId is { } eventId ? $"{notification.Event} '{eventId}'" : notification.Event;
        var category = notification.Category == notification.Event ? "" : $", as {notification.Category}";
        yield return Step(notification.CreatedAt, "intake", $"Accepted from the event {name} for {notification.Recipient}{category}.");

        foreach (var trimmed in Trimmed())
            yield return Step(notification.CreatedAt, "intake", Sentence(trimmed), ReasonCode.Trimmed);
        foreach (var note in notification.Decisions.Where(PlanNote.Is))
            yield return Step(notification.CreatedAt, "planner", Sentence(note));
        foreach (var left in notification.LeftOut)
            yield return Step(
                notification.CreatedAt,
                "planner",
                Sentence($"{left.Channel} was left out: {left.Reason}"),
                left.Code ?? ReasonCode.NotRecorded
            );
        foreach (var delivery in notification.Deliveries)
            yield return Step(
                notification.CreatedAt,
                "planner",
                Sentence($"{Named(delivery)} was planned {Order(delivery)}"),
                ReasonCode.Planned,
                delivery
            );
    }

    /// <summary>What intake has put right: the decisions that are not the planner's.</summary>
    IEnumerable<string> Trimmed()
    {
        HashSet<string> planned =
        [
            .. notification.LeftOut.Select(left => $"{left.Channel}: {left.Reason}"),
            .. notification.Deliveries.SelectMany(delivery =>
                (string[])[$"{delivery.Channel}: {ReasonCode.Planned}", $"{delivery.Channel}: used"]
            ),
        ];
        return notification.Decisions.Where(decision =>
            decision != notification.Reason && !planned.Contains(decision) && !PlanNote.Is(decision)
        );
    }

    string Order(DeliveryView delivery) =>
        notification.Mode == DeliveryMode.AllAtOnce ? "to go out at once"
        : delivery.Step == 1 ? "to go out first"
        : notification.EscalateAfter is { } after
            ? $"as step {delivery.Step}, when step {delivery.Step - 1} reaches nobody or is not {Proof} within {Length(after)}"
        : $"as step {delivery.Step}, when step {delivery.Step - 1} reaches nobody";

    string Proof =>
        notification.EscalateUnless switch
        {
            DeliveryProof.Read => "read",
            DeliveryProof.Confirmed => "confirmed",
            _ => "sent",
        };

    IEnumerable<ExplainedStep> Delivery(DeliveryView delivery) =>
        Begun(delivery).Concat(Waits(delivery)).Concat(Attempts(delivery)).Concat(Settled(delivery)).Concat(Receipts(delivery));

    IEnumerable<ExplainedStep> Begun(DeliveryView delivery)
    {
        if (delivery is not { Step: > 1, BegunAt: { } begun })
            yield break;

        var before = notification.Deliveries.Where(other => other.Step == delivery.Step - 1).ToList();
        var why = before.TrueForAll(other => other.SettledAt <= begun && other.Code is not null)
            ? "reached nobody"
            : $"was not {Proof} in time";
        yield return Step(
            begun,
            "planner",
            $"Step {delivery.Step} began with {Named(delivery)}: step {delivery.Step - 1} {why}.",
            code: null,
            delivery
        );
    }

    IEnumerable<ExplainedStep> Waits(DeliveryView delivery)
    {
        var decisions = delivery.Decisions ?? [];
        for (var index = 0; index < decisions.Count; index++)
        {
            var decision = decisions[index];
            var why = decision.Times > 1 ? $"{decision.Text} ({decision.Times} times)" : decision.Text;
            if (decision.Until is null)
                yield return Step(decision.At, "sender", Sentence($"{delivery.Channel}: {why}"), decision.Code, delivery);
            else if (index == decisions.Count - 1 && delivery.WaitingUntil is { } until)
                yield return Step(
                    decision.At,
                    "sender",
                    Sentence($"{delivery.Channel} waits since then, and is tried again by {Time(until)}: {why}"),
                    decision.Code,
                    delivery
                );
            else
                yield return Step(
                    decision.At,
                    "sender",
                    Sentence($"{delivery.Channel} waited until {Time(EndOf(delivery, index))}: {why}"),
                    decision.Code,
                    delivery
                );
        }
    }

    /// <summary>A wait is over when the next thing happens to the delivery: nothing is written down for it.</summary>
    DateTimeOffset EndOf(DeliveryView delivery, int index)
    {
        var began = delivery.Decisions![index].At;
        return delivery
            .Attempts.Select(attempt => attempt.StartedAt)
            .Concat(delivery.Decisions.Skip(index + 1).Select(decision => decision.At))
            .Append(delivery.SettledAt ?? notification.CompletedAt ?? now)
            .Where(at => at > began)
            .DefaultIfEmpty(began)
            .Min();
    }

    static IEnumerable<ExplainedStep> Attempts(DeliveryView delivery) =>
        delivery.Attempts.Select(attempt =>
            Step(attempt.StartedAt, "sender", Sentence($"{delivery.Channel}: {Outcome(attempt)}"), CodeOf(attempt.Status), delivery)
        );

    static string Outcome(AttemptView attempt)
    {
        var took = attempt.FinishedAt is { } finished ? $" after {Length(finished - attempt.StartedAt)}" : "";
        var call = $"{attempt.Provider} was called (attempt {attempt.Number})";
        return attempt.Status switch
        {
            AttemptStatus.Started => $"{call} and has not answered yet",
            AttemptStatus.Accepted => $"{call} and took it{took}",
            AttemptStatus.Rejected => $"{call} and refused it for good{took}: {attempt.Reason}",
            AttemptStatus.Declined => $"{call} and refused it in this form{took}: {attempt.Reason}",
            AttemptStatus.Throttled => $"{call} and said that it is called too often{took}: {attempt.Reason}",
            AttemptStatus.Misconfigured => $"{call} and does not accept the account{took}: {attempt.Reason}",
            AttemptStatus.Unavailable => $"{call} and did not work{took}: {attempt.Reason}",
            _ => $"{call}, and nobody knows whether it took it{took}: {attempt.Reason}",
        };
    }

    static string? CodeOf(AttemptStatus status) =>
        status switch
        {
            AttemptStatus.Started or AttemptStatus.Accepted => null,
            AttemptStatus.Rejected => ReasonCode.Rejected,
            AttemptStatus.Declined => ReasonCode.Declined,
            AttemptStatus.Throttled => ReasonCode.Throttled,
            AttemptStatus.Misconfigured => ReasonCode.Misconfigured,
            AttemptStatus.Unavailable => ReasonCode.Unavailable,
            _ => ReasonCode.InDoubt,
        };

    IEnumerable<ExplainedStep> Settled(DeliveryView delivery)
    {
        if (delivery is { SettledAt: { } at, Code: { } code, Status: not DeliveryStatus.NotNeeded })
            yield return Step(at, AuthorOf(code), Sentence($"{Named(delivery)} was not sent: {delivery.Reason ?? code}"), code, delivery);
        else if (delivery.Status == DeliveryStatus.NotNeeded)
            yield return Step(
                notification.CompletedAt ?? notification.CreatedAt,
                "planner",
                $"{Named(delivery)} was not needed: another delivery had reached the recipient.",
                delivery.Code,
                delivery
            );
        else if (delivery.Status == DeliveryStatus.Held)
            yield return Step(
                (delivery.Attempts is [.., var last] ? last.FinishedAt : null) ?? delivery.BegunAt ?? notification.CreatedAt,
                "sender",
                $"{Named(delivery)} is held: nobody knows whether {delivery.Provider} sent it, and an operator has to decide.",
                delivery.Code,
                delivery
            );
        else if (delivery.SettledAt is { } sent && delivery.Attempts.All(attempt => attempt.Status != AttemptStatus.Accepted))
            yield return Step(
                sent,
                delivery.Reason is null ? "receipt" : "operator",
                Sentence($"{Named(delivery)} was sent after all{(delivery.Reason is { } why ? $", {why}" : "")}"),
                code: null,
                delivery
            );
    }

    static string AuthorOf(string code) =>
        code switch
        {
            ReasonCode.Cancelled or ReasonCode.Withdrawn or ReasonCode.DecidedFailed => "operator",
            ReasonCode.Bounced => "receipt",
            ReasonCode.NotNeeded => "planner",
            _ => "sender",
        };

    static IEnumerable<ExplainedStep> Receipts(DeliveryView delivery)
    {
        (DateTimeOffset? At, string What)[] reports =
        [
            (delivery.ConfirmedAt, "arrived"),
            (delivery.SoftBouncedAt, "did not arrive, and might another time"),
            (delivery.BouncedAt, "came back for good"),
            (delivery.OpenedAt, "was shown, or a program has fetched its pictures"),
            (delivery.ReadAt, "was read"),
            (delivery.AutomaticReadAt, "was opened by a program that follows links, and not by a person"),
            (delivery.ComplainedAt, "was called spam by the recipient"),
            (delivery.UnsubscribedAt, "made the recipient unsubscribe"),
        ];
        return reports
            .Where(report => report.At is not null)
            .Select(report =>
                Step(report.At!.Value, "receipt", $"{Named(delivery)} {report.What}, {delivery.Provider} says.", code: null, delivery)
            );
    }

    static ExplainedStep Change(ControlChange change)
    {
        if (change.Code is not { } code)
            return Step(change.At, "operator", Sentence($"{change.Who} changed {change.Subject}{What(change)}: {change.Why}"));

        var account = change.Subject[AutomaticChange.SubjectOf("").Length..];
        var what = code switch
        {
            ReasonCode.CircuitOpen => change.Until is null
                ? $"The circuit of {account} has been open since then"
                : $"The circuit of {account} was open from {Time(change.At)} to {Time(change.Until.Value)}",
            ReasonCode.LeftAlone =>
                $"{account} asked to be left alone until {(change.Until is { } until ? Time(until) : "further notice")}",
            _ => change.Until is null
                ? $"The rate of {account} has been limited to what it seems to allow since then"
                : $"The rate of {account} was limited to what it seemed to allow from {Time(change.At)} to {Time(change.Until.Value)}",
        };
        var times = change.Times is { } count ? $" ({count} times)" : "";
        return Step(change.At, AutomaticChange.Who, Sentence($"{what}{times}: {change.Why}"), code);
    }

    /// <summary>What an operator changed: each setting that is another one, before and after.</summary>
    static string What(ControlChange change)
    {
        var (before, after) = (Settings(change.Before), Settings(change.After));
        var changed = before
            .Keys.Union(after.Keys, StringComparer.Ordinal)
            .Where(name => before.GetValueOrDefault(name) != after.GetValueOrDefault(name))
            .Select(name =>
                change.Before.ValueKind == JsonValueKind.Object
                    ? $"{name} from {before.GetValueOrDefault(name, "unset")} to {after.GetValueOrDefault(name, "unset")}"
                    : $"{name} {after[name]}"
            )
            .ToList();
        return changed.Count == 0 ? "" : $", {string.Join(" and ", changed)}";
    }

    static Dictionary<string, string> Settings(JsonElement value) =>
        value.ValueKind == JsonValueKind.Object
            ? value.EnumerateObject().ToDictionary(setting => setting.Name, setting => Plain(setting.Value), StringComparer.Ordinal)
            : [];

    static string Plain(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();

    IEnumerable<ExplainedStep> End()
    {
        if (notification.CompletedAt is not { } end)
            yield break;

        var reason = notification.Reason is { } why && notification.Code is not null ? $": {why}" : "";
        yield return Step(end, "outcome", Sentence($"It ended as {notification.Status}{reason}"), notification.Code);
    }

    string? WaitsFor()
    {
        if (notification.CompletedAt is not null)
            return null;

        var waiting = notification
            .Deliveries.Select(delivery =>
                delivery switch
                {
                    { Status: DeliveryStatus.Held } => $"an operator's decision about {delivery.Channel}",
                    { WaitingUntil: { } until } => $"{delivery.Channel}, tried again by {Time(until)}: {delivery.WaitingFor}",
                    { Status: DeliveryStatus.Sending } => $"a worker that sends {delivery.Channel}",
                    { Status: DeliveryStatus.Waiting } when EscalatesAt(delivery) is { } next =>
                        $"{delivery.Channel}, which begins at {Time(next)} unless step {delivery.Step - 1} is {Proof}",
                    _ => null,
                }
            )
            .OfType<string>()
            .ToList();
        return waiting.Count == 0 ? null : $"{string.Join("; ", waiting)}; it expires at {Time(notification.ExpiresAt)}";
    }

    DateTimeOffset? EscalatesAt(DeliveryView delivery) =>
        notification.Deliveries.Where(other => other.Step == delivery.Step - 1).Max(other => other.BegunAt) + notification.EscalateAfter;

    /// <summary>One line for whoever asks for nothing else.</summary>
    string Answer()
    {
        if (notification.Deliveries.FirstOrDefault(Arrived) is { } arrived)
        {
            var (what, at) =
                arrived.ReadAt is { } read ? ("was read", read)
                : arrived.ConfirmedAt is { } confirmed ? ("arrived", confirmed)
                : ("was opened", arrived.OpenedAt!.Value);
            return $"Yes: {Named(arrived)} {what} at {Time(at)}.";
        }

        if (
            notification.Deliveries.FirstOrDefault(delivery => delivery.Status is DeliveryStatus.Sent or DeliveryStatus.Confirmed) is
            { } sent
        )
        {
            var when = sent.SettledAt is { } at ? $" at {Time(at)}" : "";
            return $"It was sent: {sent.Provider ?? "a provider"} took {Named(sent)}{when}, and has not said whether it arrived.";
        }

        if (notification.Deliveries.Any(delivery => delivery.Status == DeliveryStatus.Held))
            return "Nobody knows: it may have been sent, and an operator has to decide.";
        if (notification.CompletedAt is null)
            return WaitsFor() is { } waiting ? Sentence($"Not yet: it waits for {waiting}") : "Not yet: it is under way.";

        return Sentence($"No: {notification.Reason ?? notification.Code ?? notification.Status}");
    }

    static bool Arrived(DeliveryView delivery) =>
        delivery.Status is DeliveryStatus.Sent or DeliveryStatus.Confirmed
        && (delivery.ReadAt ?? delivery.ConfirmedAt ?? delivery.OpenedAt) is not null;

    static ExplainedStep Step(DateTimeOffset at, string by, string text, string? code = null, DeliveryView? delivery = null) =>
        new()
        {
            At = at,
            By = by,
            Code = code,
            DeliveryId = delivery?.Id,
            Text = text,
        };

    static string Named(DeliveryView delivery) => $"{delivery.Channel} to {delivery.Address}";

    static string Sentence(string text) => text.EndsWith('.') ? text : $"{text}.";

    static string Length(TimeSpan length) =>
        length.TotalSeconds < 1 ? $"{length.TotalMilliseconds:0} ms"
        : length.TotalMinutes < 1 ? string.Create(CultureInfo.InvariantCulture, $"{length.TotalSeconds:0.0} s")
        : length.TotalHours < 1 ? $"{length.TotalMinutes:0} min"
        : $"{length.TotalHours:0} h";
}
