using NotificationBus.Contracts;

namespace NotificationBus.Saga;

/// <summary>
/// What a step of the saga has published as soon as it is stored. It is not stored itself, for it follows from the state
/// (<see cref="NotificationSteps.Follow"/>): an input that comes again has it published again, under the same ids.
/// </summary>
public sealed class Consequences
{
    /// <summary>The commands for the channels.</summary>
    public IList<SendDelivery> Commands { get; } = [];

    /// <summary>The outcome; null while there is none.</summary>
    public Outcome? Outcome { get; set; }
}
