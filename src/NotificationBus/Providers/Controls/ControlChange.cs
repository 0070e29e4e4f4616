using System.Text.Json;

namespace NotificationBus.Providers.Controls;

/// <summary>
/// One change that an operator made, or automation: who, when, why, before, after. Kept as long as <c>Retention:Changes</c> says.
/// </summary>
public sealed record ControlChange
{
    /// <summary>Counts the changes.</summary>
    public required long Number { get; init; }

    /// <summary>The time of the change, by the store's clock.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The subject of the change, such as <c>provider smtp</c> or <c>channel email</c>.</summary>
    public required string Subject { get; init; }

    /// <summary>
    /// The caller who changed it: its key, or in their own words where nobody is asked for one; <c>automation</c> when nobody did.
    /// </summary>
    public required string Who { get; init; }

    /// <summary>The person for whom the caller says it was; null when it says nothing. Nobody checks it.</summary>
    public string? OnBehalfOf { get; init; }

    /// <summary>The reason, in the operator's own words, or what the provider said.</summary>
    public required string Why { get; init; }

    /// <summary>
    /// What automation did, in one word: <c>circuit-open</c>, <c>left-alone</c> or <c>paced</c>. Null for what operators did.
    /// </summary>
    public string? Code { get; init; }

    /// <summary>The time until which that lasted or lasts; null while nobody knows, and for what operators did.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>The number of times that came and went within a while, when it was more than once.</summary>
    public int? Times { get; init; }

    /// <summary>The setting before.</summary>
    public required JsonElement Before { get; init; }

    /// <summary>The setting after.</summary>
    public required JsonElement After { get; init; }
}

/// <summary>A filter of changes.</summary>
public sealed record ChangeFilter
{
    /// <summary>Everything there is.</summary>
    public static ChangeFilter All { get; } = new();

    /// <summary>Those before a number; null for the newest.</summary>
    public long? Before { get; init; }

    /// <summary>The author; null for all.</summary>
    public string? Who { get; init; }

    /// <summary>True for what operators did alone.</summary>
    public bool OnlyOperators { get; init; }

    /// <summary>The subjects, such as <c>provider smtp</c>; null for all.</summary>
    public IReadOnlyList<string>? Subjects { get; init; }

    /// <summary>Those that were made, or still lasted, at this time or later; null for all.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Those that were made by this time; null for all.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>True when a change fits.</summary>
    public bool Fits(ControlChange change) =>
        (Before is null || change.Number < Before)
        && (Who is null || change.Who == Who)
        && (!OnlyOperators || change.Code is null)
        && Subjects?.Contains(change.Subject) != false
        && (To is null || change.At <= To)
        && (From is null || change.At >= From || (change.Code is not null && (change.Until is null || change.Until >= From)));
}

/// <summary>The author of a change, and the reason.</summary>
/// <param name="Who">The caller's key; in the operator's own words where nobody is asked for one.</param>
/// <param name="Why">In the operator's own words.</param>
public sealed record ChangedBy(string Who, string Why)
{
    /// <summary>The person for whom the caller says it is; null when it says nothing.</summary>
    public string? OnBehalfOf { get; init; }
}
