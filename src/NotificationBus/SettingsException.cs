namespace NotificationBus;

/// <summary>A setting that stops the host. The message names the key and what is allowed, never a secret.</summary>
public sealed class SettingsException(string message) : Exception(message);
