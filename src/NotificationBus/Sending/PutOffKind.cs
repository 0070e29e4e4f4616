namespace NotificationBus.Sending;

/// <summary>The kinds of reasons to put a command off.</summary>
public enum PutOffKind
{
    /// <summary>No provider of the channel takes it now.</summary>
    Unavailable,

    /// <summary>Nobody knows whether it was sent, and it is asked again later.</summary>
    InDoubt,

    /// <summary>Its turn is later, because the rate of its provider is limited.</summary>
    Rate,

    /// <summary>Another worker is at it.</summary>
    InProgress,

    /// <summary>An operator has paused the channel.</summary>
    Paused,
}
