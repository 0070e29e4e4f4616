namespace NotificationBus.Sending;

/// <summary>A template filled for one delivery: what the provider sends. Each channel has its own form.</summary>
public abstract record Content;
