using NotificationBus.Contents;
using NotificationBus.Model;

namespace NotificationBus.Sending;

/// <summary>
/// Finds the files that a content is sent with: as they were fetched for the first call, or, when they never were, where they stand. What
/// was fetched is kept before it is sent, so that every later call sends the same octets.
/// </summary>
public sealed class DeliveryFiles(IContentStore store, ContentPacking packing, IFileSource? source = null)
{
    // A file is kept like a content of a channel that no notification can name. Its octets go by what they are, so that those of many
    // notifications are kept once; which of them a notification was given is said under a name of its own.
    const string Kind = "file";

    /// <summary>Finds the files of a content.</summary>
    /// <exception cref="FileMissingException">One of them cannot be had, at all or not now.</exception>
    internal async ValueTask<Content> With(Guid notificationId, Content content, CancellationToken cancellationToken)
    {
        var files = content.Files;
        if (files.Count == 0)
            return content;

        var room = source?.MostOctets ?? throw new FileMissingException("no host of this kind fetches files", isForGood: true);
        var fetched = new List<FetchedFile>(files.Count);
        foreach (var file in files)
        {
            var one = await Kept(notificationId, file, cancellationToken) ?? await Fetch(notificationId, file, room, cancellationToken);
            room -= one.Octets.Length;
            fetched.Add(one);
        }

        return content.With(fetched);
    }

    async Task<FetchedFile?> Kept(Guid notificationId, FileReference file, CancellationToken cancellationToken)
    {
        if (await store.Find(notificationId, NameOf(notificationId, file), cancellationToken) is not { } name)
            return null;

        var named = packing.Unpack(name.Hash, name.Body).All[0];
        var (type, hash) = (named.Parts[0].Text, Guid.Parse(named.Parts[1].Text));
        var kept =
            await store.Find(notificationId, hash, cancellationToken)
            ?? throw new FileMissingException($"'{file.Name}' is no longer kept (Retention:Contents)", isForGood: true);
        return new FetchedFile(type, Convert.FromBase64String(packing.Unpack(kept.Hash, kept.Body).All[0].Parts[0].Text));
    }

    async Task<FetchedFile> Fetch(Guid notificationId, FileReference file, int room, CancellationToken cancellationToken)
    {
        switch (await source!.Fetch(file, room, cancellationToken))
        {
            case FileAnswer.Fetched { File: var fetched }:
                var octets = Frozen([new ContentPart("octets", Convert.ToBase64String(fetched.Octets.Span))]);
                await store.Keep(notificationId, packing.Pack(octets), cancellationToken);
                var named = Frozen([new ContentPart("type", fetched.ContentType), new ContentPart("hash", $"{octets.Hash}")]);
                await store.Keep(
                    notificationId,
                    packing.Pack(new FrozenContents(NameOf(notificationId, file), [named])),
                    cancellationToken
                );
                // Another worker may have been first: what is kept is sent.
                return await Kept(notificationId, file, cancellationToken) ?? fetched;

            case FileAnswer.Refused refused:
                throw new FileMissingException($"'{file.Name}' is not attached: {refused.Reason}", isForGood: true);

            case FileAnswer.NotNow notNow:
                throw new FileMissingException($"'{file.Name}' cannot be fetched: {notNow.Reason}", isForGood: false);

            default:
                throw new NotSupportedException("an answer that nobody knows");
        }
    }

    FrozenContent Frozen(IReadOnlyList<ContentPart> parts) => new(Kind, Template: null, packing.HashOf(parts), parts);

    static Guid NameOf(Guid notificationId, FileReference file) =>
        DeterministicId.From("file", $"{notificationId:N}", file.Url, file.Name, file.ContentType ?? "");
}

/// <summary>A file that a content is sent with cannot be had.</summary>
/// <param name="message">The reason, for a person to read. Names neither URL nor content.</param>
/// <param name="isForGood">True when it never will be.</param>
sealed class FileMissingException(string message, bool isForGood) : Exception(message)
{
    /// <summary>True when it never will be.</summary>
    public bool IsForGood => isForGood;
}
