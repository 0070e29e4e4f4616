namespace NotificationBus.Channels.Http;

/// <summary>A secret in a file, as secrets are mounted into containers.</summary>
static class KeyFile
{
    /// <summary>The text of the file; null when there is none, or nobody may read it.</summary>
    public static string? Read(string? path)
    {
        try
        {
            return string.IsNullOrEmpty(path) ? null : File.ReadAllText(path);
        }
        catch (Exception exception)
            when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            return null;
        }
    }
}
