using System.Globalization;

namespace NotificationBus.Model;

/// <summary>
/// The decision that says by which version of what operators have set a notification was planned. It stands among its decisions; what was
/// planned as configured has none.
/// </summary>
public static class PlanNote
{
    // The view decision knows it as well.
    const string Begin = "planned by version ";

    /// <summary>Writes it.</summary>
    /// <param name="version">The version.</param>
    /// <param name="category">The event type.</param>
    public static string Of(int version, string category) =>
        string.Create(CultureInfo.InvariantCulture, $"{Begin}{version} of what operators have set for {category}");

    /// <summary>True when a decision is one.</summary>
    public static bool Is(string decision) => decision.StartsWith(Begin, StringComparison.Ordinal);

    /// <summary>Returns the version among the decisions of a notification; null when it was planned as configured.</summary>
    public static int? VersionIn(IReadOnlyList<string> decisions) =>
        decisions.FirstOrDefault(Is) is { } note
        && int.TryParse(note[Begin.Length..].Split(' ')[0], CultureInfo.InvariantCulture, out var version)
            ? version
            : null;
}
