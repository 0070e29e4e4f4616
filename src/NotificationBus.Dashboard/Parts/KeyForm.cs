namespace NotificationBus.Dashboard.Parts;

/// <summary>A key that somebody is about to make.</summary>
public sealed class KeyForm
{
    /// <summary>The application it is for.</summary>
    public string? Application { get; set; }

    /// <summary>What people call it.</summary>
    public string? Name { get; set; }

    /// <summary>What it opens.</summary>
    public ISet<string> Scopes { get; } = new SortedSet<string>(StringComparer.Ordinal) { "read" };
}
