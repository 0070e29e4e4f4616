using System.ComponentModel.DataAnnotations;

namespace NotificationBus.Subscriptions;

/// <summary>Settings of <c>Webhooks</c>: how subscribers are told what becomes of notifications.</summary>
public sealed class WebhooksOptions : IValidatableObject
{
    // As Svix has them, whose receivers many know.
    static readonly TimeSpan[] UsualDelays =
    [
        TimeSpan.FromSeconds(5),
        TimeSpan.FromMinutes(5),
        TimeSpan.FromMinutes(30),
        TimeSpan.FromHours(2),
        TimeSpan.FromHours(5),
        TimeSpan.FromHours(10),
        TimeSpan.FromHours(10),
    ];

    static readonly TimeSpan ShortestDelay = TimeSpan.FromMilliseconds(100);
    static readonly TimeSpan LongestDelay = TimeSpan.FromDays(1);

    /// <summary>The time a subscriber has to answer, 1 s to 1 min, default 15 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:01:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>The most calls of one subscriber that a host makes at the same time, 1 to 256, default 16.</summary>
    [Range(1, 256)]
    public int Concurrency { get; set; } = 16;

    /// <summary>
    /// The pauses after which an event comes again that was not taken, at most 20 of 100 ms to 1 day. Without any (default) they are 5 s,
    /// 5 min, 30 min, 2 h, 5 h, 10 h and 10 h. After the last one it is given up, and can be had again for <see cref="KeptFor"/>. A
    /// subscriber that asks for longer (<c>Retry-After</c>) gets it, up to a day.
    /// </summary>
    public IReadOnlyList<TimeSpan> RetryDelays { get; set; } = [];

    /// <summary>The time after which a subscription is disabled that has taken nothing since, 1 h to 30 days, default 5 days.</summary>
    [Range(typeof(TimeSpan), "01:00:00", "30.00:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan DisableAfter { get; set; } = TimeSpan.FromDays(5);

    /// <summary>
    /// The most events that may wait for one subscription, 1,000 to 1,000,000,000, default 5,000,000. When there are more it is disabled.
    /// Embedded it is 100,000 at most.
    /// </summary>
    [Range(1_000, 1_000_000_000)]
    public long MostWaiting { get; set; } = 5_000_000;

    /// <summary>
    /// The time that events stay on record that were delivered or given up, 1 to 90 days, default 7 days. So long they are listed and can
    /// be sent again.
    /// </summary>
    [Range(typeof(TimeSpan), "1.00:00:00", "90.00:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan KeptFor { get; set; } = TimeSpan.FromDays(7);

    /// <summary>
    /// Allows http, every port, and addresses of private networks, for subscribers in the same house. Link-local addresses and the clouds'
    /// metadata services are never called. Default false.
    /// </summary>
    public bool AllowPrivateAddresses { get; set; }

    /// <summary>The pauses that are in force.</summary>
    internal IReadOnlyList<TimeSpan> Delays => RetryDelays.Count > 0 ? RetryDelays : UsualDelays;

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (RetryDelays.Count > 20 || RetryDelays.Any(delay => delay < ShortestDelay || delay > LongestDelay))
            yield return new ValidationResult("must be at most 20 pauses of 100 ms to 1 day", [nameof(RetryDelays)]);
    }
}
