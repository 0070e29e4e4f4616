namespace NotificationBus.Providers;

/// <summary>The reason why a provider will never take a delivery, whatever happens meanwhile.</summary>
/// <param name="Reason">For a person to read. Names no address.</param>
/// <param name="IsAddress">True when it is about the address, false when it is about what is said.</param>
public sealed record Unfit(string Reason, bool IsAddress);
