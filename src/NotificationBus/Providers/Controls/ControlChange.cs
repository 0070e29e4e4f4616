using System.Text.Json;

namespace NotificationBus.Providers.Controls;

/// <summary>One change an operator made: who, when, why, before, after. Kept for ever.</summary>
public sealed record ControlChange
{
    /// <summary>Counts the changes.</summary>
    public required long Number { get; init; }

    /// <summary>The time of the change, by the store's clock.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The subject of the change, such as <c>provider smtp</c> or <c>channel email</c>.</summary>
    public required string Subject { get; init; }

    /// <summary>The caller who changed it: its key, or in their own words where nobody is asked for one.</summary>
    public required string Who { get; init; }

    /// <summary>The person for whom the caller says it was; null when it says nothing. Nobody checks it.</summary>
    public string? OnBehalfOf { get; init; }

    /// <summary>The reason, in the operator's own words.</summary>
    public required string Why { get; init; }

    /// <summary>The setting before.</summary>
    public required JsonElement Before { get; init; }

    /// <summary>The setting after.</summary>
    public required JsonElement After { get; init; }
}

/// <summary>The author of a change, and the reason.</summary>
/// <param name="Who">The caller's key; in the operator's own words where nobody is asked for one.</param>
/// <param name="Why">In the operator's own words.</param>
public sealed record ChangedBy(string Who, string Why)
{
    /// <summary>The person for whom the caller says it is; null when it says nothing.</summary>
    public string? OnBehalfOf { get; init; }
}
