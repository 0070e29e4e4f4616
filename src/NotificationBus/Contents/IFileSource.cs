using NotificationBus.Model;

namespace NotificationBus.Contents;

/// <summary>Fetches the files that contents are sent with, from URLs that a producer sets.</summary>
public interface IFileSource
{
    /// <summary>Returns the reason why a URL is never fetched; null when it looks right. The answer does not repeat it.</summary>
    string? Refuse(string url);

    /// <summary>Fetches a file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="room">The room there is for it; what it has taken of it when it was fetched, it keeps.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<FileAnswer> Fetch(FileReference file, FileRoom room, CancellationToken cancellationToken);

    /// <summary>The most octets that the files of one content may have together.</summary>
    int MostOctets { get; }
}

/// <summary>What came of fetching a file: one of these.</summary>
public abstract record FileAnswer
{
    FileAnswer() { }

    /// <summary>It is there.</summary>
    public sealed record Fetched(FetchedFile File) : FileAnswer;

    /// <summary>It never will be: the URL is refused, or what stands there is nothing that may be sent.</summary>
    /// <param name="Reason">For a person to read. Names neither URL nor content.</param>
    public sealed record Refused(string Reason) : FileAnswer;

    /// <summary>It may be there later.</summary>
    /// <param name="Reason">For a person to read. Names neither URL nor content.</param>
    public sealed record NotNow(string Reason) : FileAnswer;

    /// <summary>This host holds too much of other files.</summary>
    public sealed record NoRoom : FileAnswer;
}
