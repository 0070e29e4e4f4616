namespace NotificationBus.Templates;

/// <summary>
/// A template cannot be filled: it does not exist, a variable is missing, or the result may not be sent. The message names no personal
/// data.
/// </summary>
public sealed class TemplateException(string message, Exception? inner = null) : Exception(message, inner);
