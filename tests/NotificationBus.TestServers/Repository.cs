namespace NotificationBus.IntegrationTests.Servers;

/// <summary>The checkout the tests run in.</summary>
static class Repository
{
    public static string Root { get; } = Find();

    static string Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "NotificationBus.sln")))
            folder = folder.Parent ?? throw new InvalidOperationException("These tests run inside the repository.");

        return folder.FullName;
    }
}
