using System.Text.Json.Serialization;
using NotificationBus.Contracts;

namespace NotificationBus.Model;

/// <summary>The deliveries chosen for a notification, and why these.</summary>
/// <param name="Mode">How they follow each other.</param>
/// <param name="Lifetime">How long the notification is of use.</param>
/// <param name="Deliveries">Ordered by step. Empty when nothing can be sent.</param>
/// <param name="Decisions">Why each channel is used or not, for an operator to read.</param>
/// <param name="Refusal">Why the notification cannot be sent at all; null when there is something to send.</param>
public sealed record DeliveryPlan(
    DeliveryMode Mode,
    TimeSpan Lifetime,
    IReadOnlyList<PlannedDelivery> Deliveries,
    IReadOnlyList<string> Decisions,
    PlanRefusal? Refusal
)
{
    /// <summary>Channels that cannot be used, and addresses of a channel that is.</summary>
    public IReadOnlyList<LeftOut> LeftOut { get; init; } = [];

    /// <summary>
    /// The time that a step may take before the next one begins in addition; null when the next one begins only after it has failed.
    /// </summary>
    public TimeSpan? EscalateAfter { get; init; }

    /// <summary>The proof of a delivery that must be there by then so that the next step does not begin.</summary>
    public DeliveryProof EscalateUnless { get; init; }
}

/// <summary>Something that a plan does without.</summary>
/// <param name="Channel">The channel, or the one whose address it is.</param>
/// <param name="Cause">What kind of reason it is.</param>
/// <param name="Reason">For a person to read. Names no address.</param>
public sealed record LeftOut(string Channel, RefusalCause Cause, string Reason)
{
    /// <summary>The reason in one word: see <see cref="ReasonCode"/>. Null in a record of an earlier version.</summary>
    public string? Code { get; init; }

    /// <summary>
    /// The address that is left out; null when it is the whole channel. Not on record: whoever gave it may be told where it stood.
    /// </summary>
    [JsonIgnore]
    public string? Address { get; init; }
}

/// <summary>The reason why nothing of a notification can be sent.</summary>
/// <param name="Cause">What kind of reason it is.</param>
/// <param name="Reason">For a person to read. Names no address.</param>
public sealed record PlanRefusal(RefusalCause Cause, string Reason);

/// <summary>The kind of reason that keeps a notification from being sent.</summary>
public enum RefusalCause
{
    /// <summary>No channel is configured for the category, or one that does not exist was asked for.</summary>
    Channel,

    /// <summary>A template is missing, or a variable it uses.</summary>
    Template,

    /// <summary>No channel reaches the recipient.</summary>
    Address,
}

/// <summary>One delivery of a plan.</summary>
/// <param name="Id">Deterministic: planning the same notification again gives the same deliveries.</param>
/// <param name="Channel">The channel.</param>
/// <param name="Address">Where on the channel.</param>
/// <param name="Step">Deliveries of one step go out together; the next step begins when the one before reached nobody.</param>
/// <param name="Content">What it says.</param>
public sealed record PlannedDelivery(Guid Id, string Channel, string Address, int Step, Content Content);
