using System.Collections.Frozen;
using NotificationBus.Contracts;
using NotificationBus.Model;

namespace NotificationBus.Saga;

/// <summary>
/// Messages that a step of the saga has published as soon as it is stored. They are not stored themselves, for they follow from the state
/// (<see cref="EffectSteps.Follow"/>): an input that comes again has them published again, under the same ids.
/// </summary>
public sealed class Effects
{
    /// <summary>The commands for the channels.</summary>
    public IList<SendDelivery> Commands { get; } = [];

    /// <summary>
    /// The contents of the deliveries whose templates this step has filled. Where they are sent in this process they need not be filled
    /// again. They are not stored or remembered: they hold names and texts of people, and end with the message that caused them.
    /// </summary>
    public IReadOnlyDictionary<Guid, Content> Contents { get; set; } = FrozenDictionary<Guid, Content>.Empty;

    /// <summary>The outcome; null while there is none.</summary>
    public Outcome? Outcome { get; set; }
}
