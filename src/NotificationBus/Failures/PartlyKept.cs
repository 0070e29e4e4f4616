namespace NotificationBus.Failures;

/// <summary>Limits and header of messages that are not kept whole. A transport may leave out what nobody keeps.</summary>
public static class PartlyKept
{
    /// <summary>In bytes. What is larger is not kept whole, and cannot be replayed: it would be refused again.</summary>
    public const int LargestWhole = 8 * 1024 * 1024;

    /// <summary>The length in bytes of the part that is kept of it: enough to see what it was and whose.</summary>
    public const int Beginning = 64 * 1024;

    /// <summary>The header with the length of the body, when it is not here whole.</summary>
    public const string LengthHeader = "NB-Failure-BodyLength";
}
