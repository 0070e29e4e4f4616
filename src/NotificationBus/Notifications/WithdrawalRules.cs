using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using NotificationBus.Contracts;
using NotificationBus.Intake;
using NotificationBus.Model;

namespace NotificationBus.Notifications;

/// <summary>Settings of <c>Withdrawals</c>.</summary>
public sealed class WithdrawalsOptions
{
    /// <summary>
    /// The time for which a withdrawal that says no time of its own, such as that of <c>order-paid</c>, also holds for notifications that
    /// begin after it: 1 min to 90 days, default one day.
    /// </summary>
    [Range(typeof(TimeSpan), "00:01:00", "90.00:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan KeptFor { get; set; } = TimeSpan.FromDays(1);
}

/// <summary>What a withdrawal must say, whichever way it came in, and what it is about.</summary>
public sealed class WithdrawalRules(
    IReadOnlyDictionary<string, EventTypeOptions> rules,
    IOptions<WithdrawalsOptions> options,
    TimeProvider clock
)
{
    /// <summary>Finds what is wrong with a command, by JSON path; empty when nothing is.</summary>
    public IReadOnlyList<Breach> Check(WithdrawNotifications command)
    {
        var breaches = new List<Breach>(TextLengths.Check(command, recipient: ""));
        if (BusinessKeys.Read(command.Key?.TrimEnd()) is null)
            Add("key", BusinessKeys.SpellingRule);
        if (command.Categories is not { Count: > 0 and <= TextLengths.MostTexts } categories)
            Add("categories", $"must be 1 to {TextLengths.MostTexts} categories");
        else
        {
            for (var index = 0; index < categories.Count; index++)
            {
                if (categories[index] is not { } category || !rules.ContainsKey(category))
                    Add($"categories[{index}]", Spelling.Unknown(categories[index], [.. rules.Keys.Order(StringComparer.Ordinal)]));
            }
        }

        if (command.Before > clock.GetUtcNow() + Withdrawal.Longest)
            Add("before", $"must be at most {Withdrawal.Longest.TotalDays} days from now");
        return breaches;

        void Add(string path, string error)
        {
            if (!breaches.Exists(breach => breach.Path == path))
                breaches.Add(new Breach(path, error));
        }
    }

    /// <summary>Reads a command that breaks no rule.</summary>
    public Withdrawal Read(WithdrawNotifications command, string application)
    {
        var (name, value) = BusinessKeys.Read(command.Key.TrimEnd())!.Value;
        return new Withdrawal(
            name,
            value.Trim(),
            [.. command.Categories.Distinct(StringComparer.Ordinal)],
            command.Before?.ToUniversalTime() ?? Until(),
            CancellationReasons.WithdrawnBy(command.By, command.Why)
        )
        {
            Application = application,
        };
    }

    /// <summary>Finds what is wrong with an event; empty when nothing is.</summary>
    public static IReadOnlyList<Breach> Check<TEvent>(WithdrawalMap<TEvent> map, TEvent happened)
        where TEvent : class =>
        [
            .. TextLengths.Check(happened, recipient: ""),
            .. map.EventId(happened) is { } eventId && !PlainText.IsName(eventId, TextLengths.EventId)
                ? [new Breach("eventId", $"must be 1 to {TextLengths.EventId} characters without control characters")]
                : Array.Empty<Breach>(),
            .. BusinessKeys.IsValue(map.KeyValue(happened)?.Trim()) ? [] : new[] { new Breach(map.KeyProperty, BusinessKeys.ValueRule) },
        ];

    /// <summary>The withdrawal that an event is, which breaks no rule; null when no category is withdrawn by it.</summary>
    public Withdrawal? Of<TEvent>(WithdrawalMap<TEvent> map, TEvent happened, string application)
        where TEvent : class
    {
        var categories = rules
            .Where(rule => rule.Value.WithdrawnBy.Contains(map.Name))
            .Select(rule => rule.Key)
            .Order(StringComparer.Ordinal)
            .ToList();
        var value = map.KeyValue(happened)!.Trim();
        return categories.Count == 0
            ? null
            : new Withdrawal(
                map.KeyName,
                value,
                categories,
                Until(),
                CancellationReasons.WithdrawnBy(map.Name, BusinessKeys.Spell(map.KeyName, value))
            )
            {
                Application = application,
            };
    }

    DateTimeOffset Until() => clock.GetUtcNow() + options.Value.KeptFor;
}
