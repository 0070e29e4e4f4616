namespace NotificationBus.Model;

/// <summary>
/// The applications that share one installation. Each notification belongs to one of them, and nobody of another application sees it.
/// </summary>
public static class Applications
{
    /// <summary>
    /// The application of whatever nobody has said otherwise about, and of all that was there before there were applications.
    /// </summary>
    public const string Default = "default";

    /// <summary>The reserved application of those who run the installation: its keys see all the others.</summary>
    public const string Platform = "platform";

    /// <summary>
    /// The parts by which something is named within an application: those of the default application stay what they were before there
    /// were others, and no other application's ever meet them.
    /// </summary>
    /// <param name="application">The application.</param>
    /// <param name="parts">The parts of the name.</param>
    internal static Guid IdIn(string application, params ReadOnlySpan<string> parts) =>
        application == Default ? DeterministicId.From(parts) : DeterministicId.From([.. parts, "application", application]);
}

/// <summary>What somebody may see: one application, or all of them.</summary>
/// <param name="Application">The application; null for all.</param>
public sealed record Sight(string? Application)
{
    /// <summary>All applications.</summary>
    public static Sight OfAll { get; } = new((string?)null);

    /// <summary>True when it may be seen.</summary>
    public bool Includes(string application) => Application is null || Application == application;
}
