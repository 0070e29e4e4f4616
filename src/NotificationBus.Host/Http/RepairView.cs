using System.Text.Json;
using NotificationBus.Repairs;

namespace NotificationBus.Host.Http;

/// <summary>A repair in a list.</summary>
public record RepairHeading
{
    /// <summary>The repair.</summary>
    public required Guid Id { get; init; }

    /// <summary>The application whose notifications it is about; null for those of all.</summary>
    public string? Application { get; init; }

    /// <summary>The status: planned, running, paused, stopped or done.</summary>
    public required RepairStatus Status { get; init; }

    /// <summary>The reason for that, when nobody has said it.</summary>
    public string? Note { get; init; }

    /// <summary>The conditions of the search; of an address only that there was one.</summary>
    public required IReadOnlyDictionary<string, string> Filter { get; init; }

    /// <summary>False when more were found than are in the plan.</summary>
    public required bool IsComplete { get; init; }

    /// <summary>Whoever planned it.</summary>
    public required string Who { get; init; }

    /// <summary>For whom, when that was said.</summary>
    public string? OnBehalfOf { get; init; }

    /// <summary>The reason.</summary>
    public required string Why { get; init; }

    /// <summary>The time at which it was planned.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The time at which it was first run.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>The time at which it was done or stopped.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>The most that are begun in a second.</summary>
    public required int PerSecond { get; init; }

    internal static RepairHeading Of(Repair repair) =>
        new()
        {
            Id = repair.Id,
            Application = repair.Application,
            Status = repair.Status,
            Note = repair.Note,
            Filter = repair.Filter,
            IsComplete = repair.IsComplete,
            Who = repair.By.Who,
            OnBehalfOf = repair.By.OnBehalfOf,
            Why = repair.By.Why,
            CreatedAt = repair.CreatedAt,
            StartedAt = repair.StartedAt,
            EndedAt = repair.EndedAt,
            PerSecond = repair.PerSecond,
        };
}

/// <summary>A repair: the plan, and how far it is.</summary>
public sealed record RepairView
{
    /// <summary>What it is about, and how it stands.</summary>
    public required RepairHeading Repair { get; init; }

    /// <summary>How many notifications are in the plan.</summary>
    public required long Found { get; init; }

    /// <summary>How many are still to be begun.</summary>
    public required long Planned { get; init; }

    /// <summary>How many were begun.</summary>
    public required long Repaired { get; init; }

    /// <summary>How many are left out.</summary>
    public required long LeftOut { get; init; }

    /// <summary>How many of these only the run has left out: something had become of them since they were planned.</summary>
    public required long LeftOutSince { get; init; }

    /// <summary>The causes of those that are to be begun or were, the most first; at most 50.</summary>
    public required IReadOnlyList<RepairCauseCount> Causes { get; init; }

    /// <summary>The reasons why others are left out, the most first.</summary>
    public required IReadOnlyList<RepairExclusionCount> Exclusions { get; init; }

    /// <summary>The channels by which they go first, the most first.</summary>
    public required IReadOnlyList<RepairChannelCount> Channels { get; init; }

    internal static RepairView Of(Repair repair)
    {
        const int MostCauses = 50;
        var begun = repair.Groups.Where(group => group.Status != RepairItemStatus.LeftOut).ToList();
        var leftOut = repair.Groups.Where(group => group.Status == RepairItemStatus.LeftOut).ToList();
        return new RepairView
        {
            Repair = RepairHeading.Of(repair),
            Found = repair.Groups.Sum(group => group.Count),
            Planned = begun.Where(group => group.Status == RepairItemStatus.Planned).Sum(group => group.Count),
            Repaired = begun.Where(group => group.Status == RepairItemStatus.Repaired).Sum(group => group.Count),
            LeftOut = leftOut.Sum(group => group.Count),
            LeftOutSince = leftOut.Where(group => group.SincePlanned).Sum(group => group.Count),
            Causes =
            [
                .. begun
                    .GroupBy(group => group.Cause)
                    .Select(cause => new RepairCauseCount(
                        cause.Key.Code,
                        cause.Key.Channel,
                        cause.Key.Provider,
                        cause.Sum(group => group.Count),
                        cause.Where(group => group.Status == RepairItemStatus.Repaired).Sum(group => group.Count)
                    ))
                    .OrderByDescending(cause => cause.Count)
                    .ThenBy(cause => cause.Code, StringComparer.Ordinal)
                    .Take(MostCauses),
            ],
            Exclusions =
            [
                .. leftOut
                    .GroupBy(group => group.LeftOut!.Value)
                    .Select(reason => new RepairExclusionCount(reason.Key, Explain(reason.Key), reason.Sum(group => group.Count)))
                    .OrderByDescending(reason => reason.Count)
                    .ThenBy(reason => reason.Reason),
            ],
            Channels =
            [
                .. begun
                    .GroupBy(group => group.Channel!, StringComparer.Ordinal)
                    .Select(channel => new RepairChannelCount(
                        channel.Key,
                        channel.Sum(group => group.Count),
                        channel.Any(group => group.Cost is not null) ? channel.Sum(group => group.Cost) : null
                    ))
                    .OrderByDescending(channel => channel.Count)
                    .ThenBy(channel => channel.Channel, StringComparer.Ordinal),
            ],
        };
    }

    static string Explain(RepairExclusion reason) =>
        reason switch
        {
            RepairExclusion.Reached => "a channel has reached the recipient",
            RepairExclusion.UnderWay => "it has no outcome yet",
            RepairExclusion.InDoubt => "it may have been sent: decide about it first",
            RepairExclusion.Expired => "it is of no use any more",
            RepairExclusion.Suppressed => "no address is left that may be used",
            RepairExclusion.Withdrawn => "it was cancelled, or its business key was withdrawn",
            RepairExclusion.RepairedBefore => "another one was begun in its place before",
            RepairExclusion.StillFails => "today's settings and texts would send nothing either, or its producer gave what it says",
            RepairExclusion.Gone => "it is not on record any more",
            _ => JsonNamingPolicy.KebabCaseLower.ConvertName($"{reason}"),
        };
}

/// <summary>Notifications of a repair with the same cause.</summary>
/// <param name="Code">The reason why they had failed, in one word.</param>
/// <param name="Channel">The channel of the delivery that says most.</param>
/// <param name="Provider">The account that was asked last.</param>
/// <param name="Count">How many are to be begun, or were.</param>
/// <param name="Repaired">How many of them were.</param>
public sealed record RepairCauseCount(string Code, string? Channel, string? Provider, long Count, long Repaired);

/// <summary>Notifications that are left out for the same reason.</summary>
/// <param name="Reason">
/// reached, under-way, in-doubt, expired, suppressed, withdrawn, repaired-before, still-fails or gone.
/// </param>
/// <param name="Text">The same for a person to read.</param>
/// <param name="Count">How many.</param>
public sealed record RepairExclusionCount(RepairExclusion Reason, string Text, long Count);

/// <summary>Notifications that go by the same channel first.</summary>
/// <param name="Channel">The channel.</param>
/// <param name="Count">How many are to be begun, or were.</param>
/// <param name="Cost">What they cost there, where <c>Channels:{channel}:Guard</c> has a price.</param>
public sealed record RepairChannelCount(string Channel, long Count, decimal? Cost);

/// <summary>Repairs.</summary>
/// <param name="Repairs">Newest first.</param>
/// <param name="Next">Where the next page is; null on the last one.</param>
public sealed record RepairList(IReadOnlyList<RepairHeading> Repairs, string? Next);

/// <summary>Notifications of a repair.</summary>
/// <param name="Items">Those that began last first.</param>
/// <param name="Next">Where the next page is; null on the last one.</param>
public sealed record RepairItemList(IReadOnlyList<RepairItem> Items, string? Next);
