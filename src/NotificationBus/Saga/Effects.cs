using NotificationBus.Contents;
using NotificationBus.Contracts;

namespace NotificationBus.Saga;

/// <summary>
/// Messages that a step of the saga has published as soon as it is stored. They are not stored themselves, for they follow from the state
/// (<see cref="EffectSteps.Follow"/>): an input that comes again has them published again, under the same ids.
/// </summary>
public sealed class Effects
{
    /// <summary>The commands for the channels.</summary>
    public IList<SendDelivery> Commands { get; } = [];

    /// <summary>The commands that are to be sent later. They are stored with the step, with what else it schedules.</summary>
    public IList<SendDelivery> Later { get; } = [];

    /// <summary>
    /// The contents that this step has planned; null when it has planned none. They are stored with the step, and not remembered: they hold
    /// names and texts of people, and end with the message that caused them.
    /// </summary>
    public PlannedContents? Contents { get; set; }

    /// <summary>
    /// The reason why the notification that begins is withdrawn; null when it is not. Set before the step is made, which then causes no
    /// command.
    /// </summary>
    public string? Withdrawal { get; init; }

    /// <summary>The outcome; null while there is none.</summary>
    public Outcome? Outcome { get; set; }
}

/// <summary>What a plan says.</summary>
/// <param name="Frozen">The contents. Where they are sent in this process they need not be read.</param>
/// <param name="Packed">The same as they are stored.</param>
public sealed record PlannedContents(FrozenContents Frozen, PackedContents Packed);
