namespace NotificationBus.Client;

/// <summary>What was sent is wrong as it is: sending it again will not help.</summary>
public sealed class NotificationRefusedException : Exception
{
    internal NotificationRefusedException(string message, int status, string? type, IReadOnlyDictionary<string, string[]> errors)
        : base(message)
    {
        Status = status;
        Type = type;
        Errors = errors;
    }

    internal NotificationRefusedException(string message, Exception cause)
        : base(message, cause) => Errors = new Dictionary<string, string[]>(StringComparer.Ordinal);

    /// <summary>The status of the answer (RFC 9110), such as 400, 401, 403 or 422; 0 over the bus.</summary>
    public int Status { get; }

    /// <summary>The kind of the problem (RFC 9457), such as <c>another-event</c>; null when the answer says none.</summary>
    public string? Type { get; }

    /// <summary>What is wrong, by the property it is about.</summary>
    public IReadOnlyDictionary<string, string[]> Errors { get; }
}

/// <summary>Nobody took it in time. It may have been taken and the answer lost: send it again under the same <c>EventId</c>.</summary>
public sealed class NotificationNotAcceptedException : Exception
{
    internal NotificationNotAcceptedException(Exception cause)
        : base($"NotificationBus did not take it in time: {cause.Message}", cause) { }
}
