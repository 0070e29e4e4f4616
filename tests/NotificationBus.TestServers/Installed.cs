namespace NotificationBus.IntegrationTests.Servers;

/// <summary>Programs of this machine.</summary>
static class Installed
{
    /// <summary>Where a program is, in the folders named first and then in the search path; null when it is nowhere.</summary>
    public static string? Program(string name, params IEnumerable<string> folders) =>
        folders
            .Concat((Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
            .Select(folder => Path.Combine(folder, name))
            .FirstOrDefault(File.Exists);
}
