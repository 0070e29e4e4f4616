namespace NotificationBus.Host.Settings;

/// <summary>Settings of <c>Operators</c>: what those may do who operate this installation, beside what is usual.</summary>
public sealed class OperatorsOptions
{
    /// <summary>
    /// Lets operators put a failed message back with a body that they have edited (<c>POST /v1/failed-messages/{id}/replay</c> with
    /// <c>body</c>). Both bodies stay on record, with who edited it and why. Default <c>false</c>: with it whoever operates can have
    /// anything sent to anybody.
    /// </summary>
    public bool EditFailedMessages { get; set; }
}
