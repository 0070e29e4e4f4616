namespace NotificationBus.Channels.Http;

/// <summary>A URL leads where no request of ours may go. The message names no address.</summary>
sealed class AddressRefusedException(string message) : IOException(message);
