namespace NotificationBus.Contracts;

/// <summary>A turn that was taken for a delivery at a provider account whose rate is limited.</summary>
/// <param name="Account">The account.</param>
/// <param name="At">When it is the delivery's turn.</param>
public sealed record SendSlot(string Account, DateTimeOffset At);
