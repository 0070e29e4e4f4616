using NotificationBus.Contents;
using NotificationBus.Contracts;
using NotificationBus.Model;
using NotificationBus.Telemetry;

namespace NotificationBus.Sending;

/// <summary>
/// Finds the files that a content is sent with: as they were fetched for the first call, or, when they never were, where they stand. What
/// was fetched is kept before it is sent, so that every later call sends the same octets. This takes as long as a stranger's server likes
/// to, and is done by nobody who has a turn of the channel.
/// </summary>
public sealed class DeliveryFiles(
    KeptFiles kept,
    FileMemory memory,
    FileServers servers,
    FlowMetrics metrics,
    TimeProvider clock,
    IFileSource? source = null
)
{
    // What fails at once may be a server that is being restarted.
    static readonly TimeSpan Quick = TimeSpan.FromSeconds(1);
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(300);

    /// <summary>Finds the files of a content, and holds them in memory until they were sent.</summary>
    /// <exception cref="FileMissingException">One of them cannot be had, at all or not now.</exception>
    internal async Task<HeldFiles> Take(SendDelivery command, Content content, CancellationToken cancellationToken)
    {
        if (source is null)
            throw new FileMissingException("no host of this kind fetches files", FileMissing.ForGood);

        var room = memory.Room(source.MostOctets);
        try
        {
            var files = new List<FetchedFile>();
            foreach (var file in content.Files)
                files.Add(await Kept(command, file, room, cancellationToken) ?? await Fetch(command, file, room, cancellationToken));

            return new HeldFiles(content.With(files), Described(content.Files, files), room);
        }
        catch
        {
            room.Dispose();
            throw;
        }
    }

    async Task<FetchedFile?> Kept(SendDelivery command, FileReference file, FileRoom room, CancellationToken cancellationToken)
    {
        if (await kept.Find(command.NotificationId, file, cancellationToken) is not { } known)
            return null;
        if (!room.TryTake(known.Octets))
            throw NoRoom();

        if (await kept.Read(command.NotificationId, known, cancellationToken) is { } read)
            return read;

        // It went with somebody else's, or was kept for as long as it is: the same octets may stand where they stood.
        room.GiveBack(known.Octets);
        return null;
    }

    async Task<FetchedFile> Fetch(SendDelivery command, FileReference file, FileRoom room, CancellationToken cancellationToken)
    {
        if (source!.Refuse(file.Url) is { } refusal)
            throw Refused(file, refusal);

        switch (await Ask(command, file, room, cancellationToken))
        {
            case FileAnswer.Fetched { File: var fetched }:
                var ours = await kept.Keep(command.NotificationId, file, fetched, cancellationToken);
                if (kept.IsOf(ours, fetched) && ours.ContentType == fetched.ContentType)
                    return fetched;

                // Another worker was first, or it was sent before: what is kept is sent.
                room.GiveBack(fetched.Octets.Length);
                return await Kept(command, file, room, cancellationToken)
                    ?? throw new FileMissingException(
                        $"'{file.Name}' is no longer kept (Retention:Contents), and another file stands in its place",
                        FileMissing.ForGood
                    );

            case FileAnswer.Refused refused:
                throw Refused(file, refused.Reason);

            case FileAnswer.NotNow notNow:
                throw new FileMissingException($"'{file.Name}' cannot be fetched: {notNow.Reason}", FileMissing.NotNow);

            case FileAnswer.NoRoom:
                throw NoRoom();

            default:
                throw new NotSupportedException("an answer that nobody knows");
        }
    }

    async Task<FileAnswer> Ask(SendDelivery command, FileReference file, FileRoom room, CancellationToken cancellationToken)
    {
        using var turn =
            await servers.Enter(command, new Uri(file.Url), cancellationToken)
            ?? throw new FileMissingException(
                $"'{file.Name}' waits: others are being fetched from its server, or by this host",
                FileMissing.NoRoom
            );
        var began = clock.GetTimestamp();
        var answer = await source!.Fetch(file, room, cancellationToken);
        if (answer is FileAnswer.NotNow && clock.GetElapsedTime(began) < Quick)
        {
            await Task.Delay(Pause, clock, cancellationToken);
            answer = await source.Fetch(file, room, cancellationToken);
        }

        turn.Found(isAway: answer is FileAnswer.NotNow);
        metrics.Fetched(command.Channel, OutcomeOf(answer), clock.GetElapsedTime(began));
        return answer;
    }

    static string OutcomeOf(FileAnswer answer) =>
        answer switch
        {
            FileAnswer.Fetched => "fetched",
            FileAnswer.Refused => "refused",
            FileAnswer.NoRoom => "no-room",
            _ => "not-now",
        };

    static FileMissingException Refused(FileReference file, string reason) =>
        new($"'{file.Name}' is not attached: {reason}", FileMissing.ForGood);

    static FileMissingException NoRoom() => new("this host holds as much of files as it may (Attachments:HostBytes)", FileMissing.NoRoom);

    static string Described(IReadOnlyList<FileReference> files, IReadOnlyList<FetchedFile> fetched) =>
        string.Join(", ", files.Zip(fetched, (file, octets) => $"'{file.Name}' ({octets.ContentType}, {octets.Octets.Length} octets)"));
}

/// <summary>The files of an e-mail in the memory of this host, until it was sent.</summary>
/// <param name="content">The content with its files.</param>
/// <param name="described">Their names, types and sizes.</param>
/// <param name="room">The room they take.</param>
sealed class HeldFiles(Content content, string described, FileRoom room) : IDisposable
{
    public Content Content => content;

    public string Described => described;

    public void Dispose() => room.Dispose();
}

/// <summary>Why a file cannot be had.</summary>
enum FileMissing
{
    /// <summary>It never will be.</summary>
    ForGood,

    /// <summary>Its server has none at the moment.</summary>
    NotNow,

    /// <summary>This host has as many others at hand as it may.</summary>
    NoRoom,
}

/// <summary>A file that a content is sent with cannot be had.</summary>
/// <param name="message">The reason, for a person to read. Names neither URL nor content.</param>
/// <param name="why">The same for who decides what becomes of it.</param>
sealed class FileMissingException(string message, FileMissing why) : Exception(message)
{
    public FileMissing Why => why;
}
