using System.Text.Json;
using NotificationBus.Contracts;
using NotificationBus.Providers.Controls;

namespace NotificationBus.Providers.Accounts;

/// <summary>
/// A change that no operator made: a circuit, a pause or a learned rate that begins, goes on or ends. Whoever keeps the health of an
/// account writes it down beside the changes of operators, together with what it changes.
/// </summary>
/// <param name="Code">What it is about: the reason for which deliveries wait meanwhile (<see cref="ReasonCode"/>).</param>
/// <param name="Stage">Whether it begins, goes on or ends.</param>
/// <param name="Until">When it is over; null while nobody knows.</param>
/// <param name="Why">Why, for an operator.</param>
/// <param name="Before">What was so before.</param>
/// <param name="After">What is so now.</param>
public sealed record AutomaticChange(
    string Code,
    AutomaticStage Stage,
    DateTimeOffset? Until,
    string Why,
    JsonElement Before,
    JsonElement After
)
{
    /// <summary>The author of them all. No operator may call themselves so.</summary>
    public const string Who = "automation";

    // By so much a pause grows when calls that were made together are turned away together; each says the same.
    static readonly TimeSpan SamePause = TimeSpan.FromSeconds(1);

    /// <summary>
    /// The time within which another one of the same account and kind is counted as the same: one that comes and goes all the time fills no
    /// pages.
    /// </summary>
    public TimeSpan Together => Code == ReasonCode.Paced ? TimeSpan.FromMinutes(10) : TimeSpan.FromMinutes(1);

    /// <summary>Names an account among the changes.</summary>
    public static string SubjectOf(string account) => $"provider {account}";

    /// <summary>Compares the health of an account before and after it was changed.</summary>
    /// <param name="before">Before.</param>
    /// <param name="after">After.</param>
    /// <param name="now">When.</param>
    public static IReadOnlyList<AutomaticChange> Between(ProviderHealth before, ProviderHealth after, DateTimeOffset now) =>
        before == after
            ? []
            : [.. new[] { Circuit(before, after, now), Pause(before, after, now), Rate(before, after, now) }.OfType<AutomaticChange>()];

    static AutomaticChange? Circuit(ProviderHealth before, ProviderHealth after, DateTimeOffset now)
    {
        if (before.CircuitOpen == after.CircuitOpen && before.NeedsAttention == after.NeedsAttention)
            return null;

        var stage =
            !after.CircuitOpen ? AutomaticStage.Ends
            : before.CircuitOpen ? AutomaticStage.GoesOn
            : AutomaticStage.Begins;
        return new AutomaticChange(
            ReasonCode.CircuitOpen,
            stage,
            after.CircuitOpen ? null : now,
            after.Reason ?? "probes were taken",
            Json(new { circuit = "closed" }),
            after.NeedsAttention ? Json(new { circuit = "open", needsAttention = true }) : Json(new { circuit = "open" })
        );
    }

    static AutomaticChange? Pause(ProviderHealth before, ProviderHealth after, DateTimeOffset now)
    {
        if (after.RemainingPause(now) is null || after.PausedUntil <= before.PausedUntil + SamePause)
            return null;

        return new AutomaticChange(
            ReasonCode.LeftAlone,
            before.RemainingPause(now) is null ? AutomaticStage.Begins : AutomaticStage.GoesOn,
            after.PausedUntil,
            after.Reason ?? "it asked to be left alone",
            Json<object?>(null),
            Json(new { pausedUntil = after.PausedUntil })
        );
    }

    static AutomaticChange? Rate(ProviderHealth before, ProviderHealth after, DateTimeOffset now)
    {
        if (before.LearnedPerSecond == after.LearnedPerSecond)
            return null;

        return new AutomaticChange(
            ReasonCode.Paced,
            after.LearnedPerSecond is null ? AutomaticStage.Ends : AutomaticStage.Begins,
            after.LearnedPerSecond is null ? now : null,
            before.LearnedPerSecond < after.LearnedPerSecond ? "it has not complained for a while" : after.Reason ?? "it complained",
            Json(new { learnedPerSecond = before.LearnedPerSecond }),
            Json(new { learnedPerSecond = after.LearnedPerSecond })
        );
    }

    static JsonElement Json<T>(T value) => JsonSerializer.SerializeToElement(value, ControlJson.Options);
}

/// <summary>The stage of something that automation does to an account.</summary>
public enum AutomaticStage
{
    /// <summary>It begins, or takes the place of another of its kind.</summary>
    Begins,

    /// <summary>It takes longer, or has another reason.</summary>
    GoesOn,

    /// <summary>It ends.</summary>
    Ends,
}
