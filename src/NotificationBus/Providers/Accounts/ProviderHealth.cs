namespace NotificationBus.Providers.Accounts;

/// <summary>
/// The health of a provider account as the hosts have found it out, and as one of them knows it. Times are by this host's clock.
/// </summary>
public sealed record ProviderHealth
{
    /// <summary>Nothing is known that speaks against it.</summary>
    public static ProviderHealth Unknown { get; } = new();

    /// <summary>
    /// True while the circuit is open: the provider is not called, except for single probes after <see cref="OpenUntil"/>.
    /// </summary>
    public bool CircuitOpen { get; init; }

    /// <summary>True when only a person can mend it: wrong credentials, a sender that is not allowed.</summary>
    public bool NeedsAttention { get; init; }

    /// <summary>The time at which the circuit last changed.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>The time until which no probe is made.</summary>
    public DateTimeOffset OpenUntil { get; init; }

    /// <summary>The time until which a probe that is being made keeps other probes away.</summary>
    public DateTimeOffset ProbeUntil { get; init; }

    /// <summary>The reason why the circuit is open, or the account is left alone.</summary>
    public string? Reason { get; init; }

    /// <summary>The time until which the provider asked to be left alone.</summary>
    public DateTimeOffset PausedUntil { get; init; }

    /// <summary>Calls per second that the provider seems to allow; null when it never complained.</summary>
    public double? LearnedPerSecond { get; init; }
}
