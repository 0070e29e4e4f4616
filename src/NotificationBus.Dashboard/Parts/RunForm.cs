namespace NotificationBus.Dashboard.Parts;

/// <summary>How a repair is to be run.</summary>
public sealed class RunForm
{
    /// <summary>The most that are begun in a second.</summary>
    public int PerSecond { get; set; } = 10;

    /// <summary>How many are begun before it pauses; null for all.</summary>
    public int? Limit { get; set; }
}
