using NotificationBus.Providers.Accounts;

namespace NotificationBus.Providers.Controls;

/// <summary>
/// The controls of sending that all hosts have in common: the settings of operators, and what any host has found out about a provider.
/// Every host holds a copy in its <see cref="ControlBoard"/> and is told at once when something changes.
/// </summary>
public interface IControls
{
    /// <summary>Everything there is.</summary>
    Task<SendingControls> Load(CancellationToken cancellationToken);

    /// <summary>
    /// Changes a provider's setting, and writes down who did it and why. When the rate changes with it, so does the time until each turn
    /// that is to come; and a circuit that is open ends no later than by the time that is set for it.
    /// </summary>
    /// <param name="account">The account.</param>
    /// <param name="configured">What is in force where nothing is set.</param>
    /// <param name="change">The setting after, given the one before.</param>
    /// <param name="by">Who, and why.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The setting after the change.</returns>
    Task<ProviderControl> ChangeProvider(
        string account,
        AccountOptions configured,
        Func<ProviderControl, ProviderControl> change,
        ChangedBy by,
        CancellationToken cancellationToken
    );

    /// <summary>Changes a channel's setting, and writes down who did it and why.</summary>
    /// <returns>The setting after the change.</returns>
    Task<ChannelControl> ChangeChannel(
        string channel,
        Func<ChannelControl, ChannelControl> change,
        ChangedBy by,
        CancellationToken cancellationToken
    );

    /// <summary>Changes an event type's setting, and writes down who did it and why.</summary>
    /// <returns>The setting after the change.</returns>
    Task<EventTypeControl> ChangeEventType(
        string category,
        Func<EventTypeControl, EventTypeControl> change,
        ChangedBy by,
        CancellationToken cancellationToken
    );

    /// <summary>Writes down something an operator did that is no setting.</summary>
    Task Note(string subject, ChangedBy by, System.Text.Json.JsonElement what, CancellationToken cancellationToken);

    /// <summary>The changes that fit, those of automation among them, newest first.</summary>
    Task<IReadOnlyList<ControlChange>> Changes(ChangeFilter filter, int limit, CancellationToken cancellationToken);

    /// <summary>
    /// Completes when something changes from now on, on any host, or after <paramref name="atMost"/>. May complete for nothing.
    /// </summary>
    Task WaitForChange(TimeSpan atMost, CancellationToken cancellationToken);
}

/// <summary>A copy of what the hosts have in common about sending.</summary>
public sealed record SendingControls
{
    /// <summary>Nothing set, nothing found out.</summary>
    public static SendingControls None { get; } = new();

    /// <summary>The settings of operators, by account.</summary>
    public IReadOnlyDictionary<string, ProviderControl> Providers { get; init; } =
        new Dictionary<string, ProviderControl>(StringComparer.Ordinal);

    /// <summary>The settings of operators, by channel.</summary>
    public IReadOnlyDictionary<string, ChannelControl> Channels { get; init; } =
        new Dictionary<string, ChannelControl>(StringComparer.Ordinal);

    /// <summary>The settings of operators, by event type.</summary>
    public IReadOnlyDictionary<string, EventTypeControl> EventTypes { get; init; } =
        new Dictionary<string, EventTypeControl>(StringComparer.Ordinal);

    /// <summary>The health that was found out, by account.</summary>
    public IReadOnlyDictionary<string, ProviderHealth> Health { get; init; } =
        new Dictionary<string, ProviderHealth>(StringComparer.Ordinal);

    /// <summary>The setting of an account.</summary>
    public ProviderControl Provider(string account) => Providers.GetValueOrDefault(account) ?? new ProviderControl();

    /// <summary>The setting of a channel.</summary>
    public ChannelControl Channel(string channel) => Channels.GetValueOrDefault(channel) ?? new ChannelControl();

    /// <summary>The setting of an event type.</summary>
    public EventTypeControl EventType(string category) => EventTypes.GetValueOrDefault(category) ?? new EventTypeControl();

    /// <summary>Returns the health that was found out about an account.</summary>
    public ProviderHealth HealthOf(string account) => Health.GetValueOrDefault(account) ?? ProviderHealth.Unknown;
}
