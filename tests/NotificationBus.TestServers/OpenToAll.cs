namespace NotificationBus.IntegrationTests.Servers;

/// <summary>Hosts of the tests ask nobody for a key, unless the test is about keys.</summary>
static class OpenToAll
{
    /// <summary>The settings of a host; without a word about keys it asks for none.</summary>
    public static IReadOnlyDictionary<string, string> Unless(IReadOnlyDictionary<string, string> settings) =>
        settings.Keys.Any(key => key.StartsWith("Auth:", StringComparison.Ordinal))
            ? settings
            : new Dictionary<string, string>(settings, StringComparer.Ordinal) { ["Auth:Mode"] = "None" };
}
