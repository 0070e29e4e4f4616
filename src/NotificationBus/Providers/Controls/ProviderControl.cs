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
