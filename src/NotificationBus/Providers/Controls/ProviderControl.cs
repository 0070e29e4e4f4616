using NotificationBus.Providers.Accounts;

namespace NotificationBus.Providers.Controls;

/// <summary>
/// The settings of operators for a provider account while the hosts run. They stand above configuration and above every automation.
/// </summary>
public sealed record ProviderControl
{
    /// <summary>The switch that says whether the account is used.</summary>
    public ProviderSwitch Switch { get; init; } = ProviderSwitch.On;

    /// <summary>
    /// The account's share of its channel, 0 to 1000. When any account of the channel has a weight, the first provider of each
    /// delivery is drawn by weight, and the others follow in order; null (default) has no share of its own.
    /// </summary>
    public int? Weight { get; init; }

    /// <summary>Holds the circuit where the operator wants it; null (default) leaves it to the circuit breaker.</summary>
    public CircuitPin? Pin { get; init; }

    /// <summary>
    /// Calls per second to the account, all hosts together, instead of the configured <c>PerSecond</c>; null (default) leaves that in
    /// force.
    /// </summary>
    public double? PerSecond { get; init; }

    /// <summary>The settings of its circuit instead of the configured ones; null (default) leaves those in force.</summary>
    public BreakerControl? Breaker { get; init; }

    /// <summary>The settings of its circuit that are in force.</summary>
    /// <param name="configured">The configured ones.</param>
    public CircuitOptions BreakerOver(CircuitOptions configured) => Breaker?.Over(configured) ?? configured;
}

/// <summary>The settings of a circuit that operators have set; null leaves the configured one in force.</summary>
public sealed record BreakerControl
{
    /// <summary>Nothing set.</summary>
    public static BreakerControl Nothing { get; } = new();

    /// <summary>The fewest calls within ten seconds that say anything, 2 to 10,000.</summary>
    public int? MinimumCalls { get; init; }

    /// <summary>The share of them that must fail, 0.01 to 1.</summary>
    public double? FailureShare { get; init; }

    /// <summary>
    /// The time that no probe is made after the circuit has opened, or a probe has failed, 1 s to 1 h. A circuit that is open when this is
    /// set keeps its own time, unless this one ends sooner.
    /// </summary>
    public TimeSpan? OpenFor { get; init; }

    /// <summary>The number of probes in a row, one at a time, that close the circuit, 1 to 100.</summary>
    public int? HalfOpenCalls { get; init; }

    /// <summary>The settings that are in force.</summary>
    /// <param name="configured">The configured ones.</param>
    public CircuitOptions Over(CircuitOptions configured) =>
        new()
        {
            MinimumCalls = MinimumCalls ?? configured.MinimumCalls,
            FailureShare = FailureShare ?? configured.FailureShare,
            OpenFor = OpenFor ?? configured.OpenFor,
            HalfOpenCalls = HalfOpenCalls ?? configured.HalfOpenCalls,
        };
}

/// <summary>The use of an account.</summary>
public enum ProviderSwitch
{
    /// <summary>It is used.</summary>
    On,

    /// <summary>It gets no new deliveries, and ends those that it may have sent already.</summary>
    Drain,

    /// <summary>It is not called.</summary>
    Off,
}

/// <summary>The state in which an operator holds a circuit.</summary>
public enum CircuitPin
{
    /// <summary>The provider is called whatever it answers, also while it asks to be left alone.</summary>
    Closed,

    /// <summary>The provider is not called.</summary>
    Open,
}
