namespace NotificationBus.Contracts;

/// <summary>The text of a delivery as it was filled when the notification was planned, whatever is deployed meanwhile.</summary>
public sealed record DeliveryContent
{
    /// <summary>The name under which the record keeps the texts of the notification's plan.</summary>
    public required Guid Set { get; init; }

    /// <summary>True when the producer gave the text: no template can say it again.</summary>
    public bool IsGiven { get; init; }

    /// <summary>True when it carries more than its text, such as a file: no template knows that.</summary>
    public bool HasExtras { get; init; }

    /// <summary>A hash over the text, when it travels with the command.</summary>
    public Guid? Hash { get; init; }

    /// <summary>
    /// The text itself, in the form in which the record keeps it: compressed, and encrypted when <c>Contents:Keys</c> says so. Null when it
    /// is large, or when the command was put off: then the record has it.
    /// </summary>
    public byte[]? Body { get; init; }
}
