using NotificationBus.Model;

namespace NotificationBus.Providers.Controls;

/// <summary>
/// The settings of operators for an event type while the hosts run; null leaves the configured one in force. They hold for what begins from
/// then on: a notification that has begun keeps the plan it was given.
/// </summary>
public sealed record EventTypeControl
{
    /// <summary>The switch that says whether anything is sent of it.</summary>
    public EventTypeSwitch Switch { get; init; } = EventTypeSwitch.On;

    /// <summary>The channels, in order.</summary>
    public IReadOnlyList<string>? Channels { get; init; }

    /// <summary>The use of the channels: all at once, or one after the other until one takes it.</summary>
    public DeliveryMode? Mode { get; init; }

    /// <summary>The time that a notification is of use, counted from its event.</summary>
    public TimeSpan? Lifetime { get; init; }

    /// <summary>The time after which the next channel is tried in addition; zero for never by time.</summary>
    public TimeSpan? EscalateAfter { get; init; }

    /// <summary>The proof of a delivery that must be there by then so that the next channel is not tried.</summary>
    public DeliveryProof? EscalateUnless { get; init; }

    /// <summary>Counts the changes. A notification that is planned by what operators have set notes it.</summary>
    public int Version { get; init; }

    /// <summary>True when operators have set anything of the plan.</summary>
    internal bool ChangesPlan =>
        Channels is not null || Mode is not null || Lifetime is not null || EscalateAfter is not null || EscalateUnless is not null;

    /// <summary>The settings that are in force.</summary>
    /// <param name="configured">The configured ones.</param>
    public EventTypeOptions Over(EventTypeOptions configured)
    {
        var mode = Mode ?? configured.Mode;
        var after = EscalateAfter ?? configured.EscalateAfter;
        // What is only of use with the other mode is not to be taken away by hand first.
        if (mode != DeliveryMode.FirstThatWorks || after == TimeSpan.Zero)
            after = null;
        return new EventTypeOptions
        {
            Channels = Channels ?? configured.Channels,
            Mode = mode,
            Lifetime = Lifetime ?? configured.Lifetime,
            EscalateAfter = after,
            EscalateUnless = after is null ? DeliveryProof.Sent : EscalateUnless ?? configured.EscalateUnless,
            Lane = configured.Lane,
            OnInDoubt = configured.OnInDoubt,
            Unsubscribe = configured.Unsubscribe,
            Texts = configured.Texts,
            WithdrawnBy = configured.WithdrawnBy,
            PublishAttempts = configured.PublishAttempts,
        };
    }
}

/// <summary>The use of an event type.</summary>
public enum EventTypeSwitch
{
    /// <summary>It is sent.</summary>
    On,

    /// <summary>What begins is kept on record, and nothing of it is sent.</summary>
    Off,
}
