namespace NotificationBus.Contracts;

/// <summary>An amount in one currency.</summary>
/// <param name="Amount">In the currency's main unit: 590 THB is <c>590</c>, not satang.</param>
/// <param name="Currency">Three letters, ISO 4217.</param>
public sealed record Money(decimal Amount, string Currency);
