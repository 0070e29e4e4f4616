namespace NotificationBus.Dashboard.Parts;

/// <summary>An address that somebody is about to suppress.</summary>
public sealed class SuppressionForm
{
    /// <summary>The channel.</summary>
    public string Channel { get; set; } = "";

    /// <summary>The address, as somebody writes it.</summary>
    public string? Address { get; set; }

    /// <summary>The category; empty for every one.</summary>
    public string? Category { get; set; }
}
