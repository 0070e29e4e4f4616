using NotificationBus.Contracts;
using NotificationBus.Model;

namespace NotificationBus.Providers;

/// <summary>The outcome of a delivery at the providers of a channel.</summary>
public abstract record ChainOutcome
{
    ChainOutcome() { }

    /// <summary>A provider took it.</summary>
    public sealed record Sent(DeliveryAttempt Attempt) : ChainOutcome;

    /// <summary>No provider ever will.</summary>
    /// <param name="Provider">Who refused it; null when nobody was asked.</param>
    /// <param name="Reason">For a person to read. Names no address.</param>
    /// <param name="Code">The reason in one word: see <see cref="ReasonCode"/>.</param>
    /// <param name="Attempts">How many calls were made so far.</param>
    public sealed record Refused(string? Provider, string Reason, string Code, int Attempts) : ChainOutcome;

    /// <summary>It may have been sent, and must not be sent again before an operator has decided.</summary>
    /// <param name="Attempt">The call that may have sent it.</param>
    /// <param name="Attempts">How many calls were made so far, and its cancellation, when it was cancelled.</param>
    public sealed record Held(DeliveryAttempt Attempt, int Attempts) : ChainOutcome
    {
        /// <summary>True when it is held because it was cancelled and may have been sent before.</summary>
        public bool IsCancelled { get; init; }
    }

    /// <summary>It was cancelled before a provider took it.</summary>
    public sealed record Cancelled(DeliveryAttempt Cancellation) : ChainOutcome;

    /// <summary>Nobody was asked: while it waited for a call it has expired, or its channel was paused.</summary>
    public sealed record NoLonger : ChainOutcome;

    /// <summary>Nobody takes it now; somebody may later.</summary>
    public sealed record NotNow : ChainOutcome
    {
        /// <summary>The reason, for a person to read. Names no address.</summary>
        public required string Reason { get; init; }

        /// <summary>The reason in one word: see <see cref="ReasonCode"/>.</summary>
        public required string Code { get; init; }

        /// <summary>The account that it is waited for; null when it is waited for none or for any.</summary>
        public string? Account { get; init; }

        /// <summary>The provider that was asked last; null when none was.</summary>
        public string? Provider { get; init; }

        /// <summary>The shortest time to wait; null when nobody knows.</summary>
        public TimeSpan? AtLeast { get; init; }

        /// <summary>
        /// The longest time to wait: then the provider that knows the delivery by its id has forgotten it, and something else is decided.
        /// </summary>
        public TimeSpan? AtMost { get; init; }

        /// <summary>The turn that was taken for it; then it waits for nothing else.</summary>
        public SendSlot? Slot { get; init; }

        /// <summary>True while another worker may still be calling a provider for it.</summary>
        public bool InProgress { get; init; }

        /// <summary>The number of calls made so far.</summary>
        public int Attempts { get; init; }

        /// <summary>
        /// The number of them that left it in doubt since an operator decided last: see
        /// <see cref="Contracts.SendDelivery.EarlierInDoubt"/>.
        /// </summary>
        public int InDoubt { get; init; }

        /// <summary>
        /// True when the last call left it in doubt: then it is repeated after pauses that grow by <see cref="InDoubt"/>.
        /// </summary>
        public bool EndedInDoubt { get; init; }

        /// <summary>True when a call before may have sent it.</summary>
        public bool MayHaveBeenSent { get; init; }

        /// <summary>True when it is the providers that do not work, and not this delivery that they do not take.</summary>
        public bool IsOutage { get; init; }

        /// <summary>
        /// True when nothing is gained by waiting: another channel is tried, and nothing may have been sent on this one.
        /// </summary>
        public bool IsGivenUpFor(SendDelivery command) => command.AnotherChannelFollows && Slot is null && InDoubt == 0;

        /// <summary>True when a provider was shut, and it is to be woken when one is opened.</summary>
        public bool WaitsForProvider { get; init; }
    }
}
