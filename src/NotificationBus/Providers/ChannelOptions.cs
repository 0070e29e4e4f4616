using System.ComponentModel.DataAnnotations;
using NotificationBus.Contracts;
using NotificationBus.Providers.Routing;

namespace NotificationBus.Providers;

/// <summary>Settings of one channel: <c>Channels:{channel}</c>.</summary>
public sealed class ChannelOptions : IValidatableObject
{
    static readonly TimeSpan ShortestDelay = TimeSpan.FromMilliseconds(100);
    static readonly TimeSpan LongestDelay = TimeSpan.FromDays(7);

    /// <summary>
    /// Accounts in the order in which they are tried, at least one: <c>["smtp", "sandbox"]</c>. What an account is stands in
    /// <c>Providers:{account}</c>.
    /// </summary>
    public IReadOnlyList<string> Providers { get; set; } = [];

    /// <summary>Other accounts for some deliveries; the first route whose condition holds is taken. Default: none.</summary>
    public IReadOnlyList<ChannelRoute> Routes { get; set; } = [];

    /// <summary>The bounds between which one host finds out how many calls at the same time each account takes.</summary>
    public ConcurrencyOptions Concurrency { get; set; } = new();

    /// <summary>
    /// The most deliveries of the bulk lane that one host has at its providers at the same time, beside the others and behind them, 1 to
    /// 1,000, default 64.
    /// </summary>
    [Range(1, 1000)]
    public int BulkConcurrency { get; set; } = 64;

    /// <summary>
    /// The delays by which a delivery is put off, one each time that no provider takes it, 100 ms to 7 days each, give or take a fifth;
    /// then the last of them again. Default: what the channel's own standard says (webhook), or else <c>Redelivery</c> for all channels.
    /// </summary>
    public IReadOnlyList<TimeSpan> RedeliveryDelays { get; set; } = [];

    /// <summary>
    /// The most deliveries that one host sends to one address in <see cref="AddressWindow"/>, 0 to 1,000,000; further ones wait for their
    /// turn. 0: as many as come. Default: 100 on email, push and sms, and 0 on others.
    /// </summary>
    [Range(0, 1_000_000)]
    public int? AddressLimit { get; set; }

    /// <summary>The window of <see cref="AddressLimit"/>, 1 s to 1 day, default 1 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan AddressWindow { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>A guard of what is sent to which countries, and of what a day may cost.</summary>
    public GuardOptions Guard { get; set; } = new();

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (RedeliveryDelays.Any(delay => delay < ShortestDelay || delay > LongestDelay))
            yield return new ValidationResult("each delay must be between 00:00:00.1 and 7.00:00:00", [nameof(RedeliveryDelays)]);
    }

    /// <summary>
    /// Messages of commands at work for each delivery that may be at a provider, of few: while one is sent others are prepared and
    /// reported. Where many may be at a provider there are as many messages as that.
    /// </summary>
    internal const int MessagesPerTurn = 2;

    internal int ConcurrencyOf(Lane lane) => lane == Lane.Bulk ? BulkConcurrency : Concurrency.Max;

    /// <summary>The messages of commands that a host has at work in a lane.</summary>
    internal int MessagesAtWork(Lane lane)
    {
        var turns = ConcurrencyOf(lane);
        return Math.Min(MessagesPerTurn * turns, Math.Max(turns, MessagesPerTurn * ConcurrencyOptions.DefaultMin));
    }
}
