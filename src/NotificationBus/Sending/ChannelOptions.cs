using System.ComponentModel.DataAnnotations;

using NotificationBus.Contracts;
using NotificationBus.Sending.Routing;

namespace NotificationBus.Sending;

/// <summary>What one channel uses: <c>Channels:{channel}</c>.</summary>
public sealed class ChannelOptions
{
    /// <summary>Accounts in the order in which they are tried, at least one: <c>["smtp", "sandbox"]</c>. What an account is stands in <c>Providers:{account}</c>.</summary>
    public IReadOnlyList<string> Providers { get; set; } = [];

    /// <summary>Other accounts for some deliveries; the first route whose condition holds is taken. Default: none.</summary>
    public IReadOnlyList<ChannelRoute> Routes { get; set; } = [];

    /// <summary>How many deliveries one host sends at the same time, 1 to 1000, default 16. It is also the most that can be sent twice when the host is killed.</summary>
    [Range(1, 1000)]
    public int Concurrency { get; set; } = 16;

    /// <summary>How many deliveries of the bulk lane one host sends at the same time, beside the others, 1 to 1000, default 4.</summary>
    [Range(1, 1000)]
    public int BulkConcurrency { get; set; } = 4;

    internal int ConcurrencyOf(Lane lane) => lane == Lane.Bulk ? BulkConcurrency : Concurrency;
}
