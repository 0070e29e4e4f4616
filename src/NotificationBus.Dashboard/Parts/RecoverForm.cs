namespace NotificationBus.Dashboard.Parts;

/// <summary>From when on what was given up is to be sent again.</summary>
public sealed class RecoverForm
{
    /// <summary>The time, by UTC.</summary>
    public DateTime Since { get; set; }
}
