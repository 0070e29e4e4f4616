using NotificationBus.Contracts;
using NotificationBus.Providers;

namespace NotificationBus.Sending;

/// <summary>What a turn has decided about a command, to be done after it: others need not wait for that.</summary>
public abstract record Disposition
{
    Disposition() { }

    /// <summary>The saga is told the result.</summary>
    /// <param name="Result">
    /// One of <see cref="DeliverySent"/>, <see cref="DeliveryFailed"/>, <see cref="DeliveryExpired"/>, <see cref="DeliveryHeld"/> and
    /// <see cref="DeliveryCancelled"/>.
    /// </param>
    /// <param name="Number">What tells it from other results of the same delivery: the number of the call it is about.</param>
    public sealed record Report(object Result, int Number) : Disposition;

    /// <summary>It comes again later.</summary>
    /// <param name="Command">What comes.</param>
    /// <param name="Due">When.</param>
    /// <param name="Reason">What it waits for, for a person to read. Names no address.</param>
    /// <param name="Code">The same in one word: see <see cref="ReasonCode"/>.</param>
    /// <param name="WaitsFor">What may bring it back earlier; null when only time does.</param>
    public sealed record PutOff(SendDelivery Command, DateTimeOffset Due, string Reason, string Code, string? WaitsFor = null) : Disposition
    {
        /// <summary>The account that it waits for; null when it waits for none or for any.</summary>
        public string? Account { get; init; }
    }

    /// <summary>
    /// Files are sent with it, which have to be there before it can go on: nobody keeps a turn for as long as that takes.
    /// </summary>
    /// <param name="Delivery">The delivery without them.</param>
    public sealed record NeedsFiles(Delivery Delivery) : Disposition;

    /// <summary>There is nothing to do.</summary>
    public sealed record Nothing : Disposition
    {
        /// <summary>The one there is.</summary>
        public static Nothing AtAll { get; } = new();
    }
}
