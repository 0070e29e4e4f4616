using System.Collections.Frozen;
using NotificationBus.Model;
using NotificationBus.Providers.Controls;

namespace NotificationBus.Planning;

/// <summary>
/// The rules of the event types as they are in force: what is configured, and above it what operators have set. They are made anew when
/// something changes on any host, and read for every notification, which costs a look-up.
/// </summary>
public sealed class EventTypeRules
{
    static readonly EventTypeRule Unknown = new(new EventTypeOptions(), new EventTypeOptions(), new EventTypeControl());

    readonly Lock _lock = new();
    readonly IReadOnlyDictionary<string, EventTypeOptions> _configured;
    readonly ControlBoard _board;
    readonly ChannelSet _channels;
    volatile FrozenDictionary<string, EventTypeRule> _inForce = FrozenDictionary<string, EventTypeRule>.Empty;

    /// <summary>Makes the rules, and follows what operators set.</summary>
    /// <param name="configured">What is configured.</param>
    /// <param name="board">What operators have set.</param>
    /// <param name="channels">
    /// The channels of this host. What operators have set may name one that there is no more, or not yet: it is left out here, and the
    /// configured ones are in force when none is left.
    /// </param>
    public EventTypeRules(IReadOnlyDictionary<string, EventTypeOptions> configured, ControlBoard board, ChannelSet channels)
    {
        (_configured, _board, _channels) = (configured, board, channels);
        Categories = [.. configured.Keys.Order(StringComparer.Ordinal)];
        _inForce = Make(SendingControls.None);
        board.Tell(_ => Follow());
        Follow();
    }

    /// <summary>The categories there are, in order.</summary>
    public IReadOnlyList<string> Categories { get; }

    /// <summary>True when there is such a category.</summary>
    public bool Know(string category) => _configured.ContainsKey(category);

    /// <summary>Returns the rule of a category.</summary>
    public EventTypeRule Of(string category) => _inForce.GetValueOrDefault(category) ?? Unknown;

    void Follow()
    {
        // Whoever comes second finds the newer: none that was overtaken takes its place.
        lock (_lock)
        {
            var controls = _board.Current;
            // The health of an account changes far more often.
            if (_inForce.Any(one => controls.EventType(one.Key).Version != one.Value.Set.Version))
                _inForce = Make(controls);
        }
    }

    FrozenDictionary<string, EventTypeRule> Make(SendingControls controls) =>
        _configured.ToFrozenDictionary(
            one => one.Key,
            one =>
            {
                var set = controls.EventType(one.Key);
                var here = set.Channels?.Where(name => _channels.Find(name) is not null).ToList();
                var known = here?.Count == set.Channels?.Count ? set : set with { Channels = here is { Count: > 0 } ? here : null };
                return new EventTypeRule(set.ChangesPlan ? known.Over(one.Value) : one.Value, one.Value, set);
            },
            StringComparer.Ordinal
        );
}

/// <summary>The rule of an event type.</summary>
/// <param name="Options">The settings in force.</param>
/// <param name="Configured">The configured ones.</param>
/// <param name="Set">What operators have set.</param>
public sealed record EventTypeRule(EventTypeOptions Options, EventTypeOptions Configured, EventTypeControl Set)
{
    /// <summary>True when nothing of it is sent.</summary>
    public bool IsOff => Set.Switch == EventTypeSwitch.Off;
}
