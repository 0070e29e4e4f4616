namespace NotificationBus.Contracts;

/// <summary>
/// An order was paid. Nobody is told. Notifications about the order that are of no use any more are withdrawn, those that come later
/// included: of the categories whose <c>WithdrawnBy</c> names it.
/// </summary>
public sealed record OrderPaid
{
    /// <summary>The producer's name for this occurrence, at most 255 characters. Publishing it again is harmless.</summary>
    public string? EventId { get; init; }

    /// <summary>The order's number as people read it.</summary>
    public required string OrderId { get; init; }
}
