namespace NotificationBus.IntegrationTests.Servers;

/// <summary>A folder only we may enter, gone with its owner or with the test process.</summary>
sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("nbtest-").FullName;

    public TemporaryFolder() => LastWill.RemoveFolder(Path);

    /// <summary>Puts a small file into the folder and says where it is.</summary>
    public string Write(string name, string text)
    {
        var file = System.IO.Path.Combine(Path, name);
        File.WriteAllText(file, text);
        return file;
    }

    public string Folder(string name) => Directory.CreateDirectory(System.IO.Path.Combine(Path, name)).FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
