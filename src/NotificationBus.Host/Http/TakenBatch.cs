using Microsoft.AspNetCore.Mvc;

namespace NotificationBus.Host.Http;

/// <summary>The answer to a call with many items.</summary>
/// <param name="Accepted">How many were taken, now or when they came before.</param>
/// <param name="Refused">How many were not.</param>
/// <param name="Items">What became of each, in the order of the call.</param>
public sealed record TakenBatch(int Accepted, int Refused, IReadOnlyList<BatchItem> Items);

/// <summary>What became of one item of a call.</summary>
/// <param name="Index">Its place in the call, from 0.</param>
/// <param name="Status">The status that the item alone would have been answered with: 202, or that of its problem.</param>
public sealed record BatchItem(int Index, int Status)
{
    /// <summary>
    /// The name of the occurrence: its own, or made of the key of the call and how many before it are for the same recipient.
    /// </summary>
    public string? EventId { get; init; }

    /// <summary>The notification it began, or had begun when it came before; null for one that was refused, or that withdraws.</summary>
    public AcceptedNotification? Notification { get; init; }

    /// <summary>The place of an earlier item of this call that says the same; this one was not taken beside it.</summary>
    public int? DuplicateOf { get; init; }

    /// <summary>
    /// Why it was not taken (RFC 9457). It names the first 10 places of an item, as long as there are not too many in all: then send the
    /// item alone.
    /// </summary>
    public ProblemDetails? Problem { get; init; }
}
