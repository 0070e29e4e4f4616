using System.ComponentModel.DataAnnotations;
using NotificationBus.Contracts;
using NotificationBus.Providers.Routing;

namespace NotificationBus.Providers;

/// <summary>Settings of one channel: <c>Channels:{channel}</c>.</summary>
public sealed class ChannelOptions : IValidatableObject
{
    /// <summary>Unless <see cref="Concurrency"/> says another number.</summary>
    public const int UsualConcurrency = 32;

    static readonly TimeSpan ShortestDelay = TimeSpan.FromMilliseconds(100);
    static readonly TimeSpan LongestDelay = TimeSpan.FromDays(7);

    /// <summary>
    /// Accounts in the order in which they are tried, at least one: <c>["smtp", "sandbox"]</c>. What an account is stands in
    /// <c>Providers:{account}</c>.
    /// </summary>
    public IReadOnlyList<string> Providers { get; set; } = [];

    /// <summary>Other accounts for some deliveries; the first route whose condition holds is taken. Default: none.</summary>
    public IReadOnlyList<ChannelRoute> Routes { get; set; } = [];

    /// <summary>
    /// The number of deliveries that one host sends at the same time, 1 to 1000, default 32. It is also the most that can be sent twice
    /// when the host is killed.
    /// </summary>
    [Range(1, 1000)]
    public int Concurrency { get; set; } = UsualConcurrency;

    /// <summary>
    /// The number of deliveries of the bulk lane that one host sends at the same time, beside the others, 1 to 1000, default 4.
    /// </summary>
    [Range(1, 1000)]
    public int BulkConcurrency { get; set; } = 4;

    /// <summary>
    /// The delays by which a delivery is put off, one each time that no provider takes it, 100 ms to 7 days each, give or take a fifth;
    /// then the last of them again. Default: what the channel's own standard says (webhook), or else <c>Redelivery</c> for all channels.
    /// </summary>
    public IReadOnlyList<TimeSpan> RedeliveryDelays { get; set; } = [];

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (RedeliveryDelays.Any(delay => delay < ShortestDelay || delay > LongestDelay))
            yield return new ValidationResult("each delay must be between 00:00:00.1 and 7.00:00:00", [nameof(RedeliveryDelays)]);
    }

    internal int ConcurrencyOf(Lane lane) => lane == Lane.Bulk ? BulkConcurrency : Concurrency;
}
