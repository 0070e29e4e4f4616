using System.Globalization;
using System.Security.Cryptography;
using NotificationBus.Model;

namespace NotificationBus.Contents;

/// <summary>
/// The files that were fetched, on record. They are kept like contents of a channel that no notification can name: the octets by what they
/// are, so that those of many notifications are kept once, and under a name of its own which of them a notification was given.
/// </summary>
public sealed class KeptFiles(IContentStore store, ContentPacking packing)
{
    const string Kind = "file";

    /// <summary>Finds what was fetched for a notification; null when nothing was, or is not kept any longer.</summary>
    public async Task<KeptFile?> Find(Guid notificationId, FileReference file, CancellationToken cancellationToken)
    {
        if (await store.Find(notificationId, NameOf(notificationId, file), cancellationToken) is not { } name)
            return null;

        var parts = packing.Unpack(name.Hash, name.Body).All[0].Parts;
        return new KeptFile(parts[0].Text, Guid.Parse(parts[1].Text), int.Parse(parts[2].Text, CultureInfo.InvariantCulture));
    }

    /// <summary>Reads a file; null when it is not kept any longer.</summary>
    public async Task<FetchedFile?> Read(Guid notificationId, KeptFile file, CancellationToken cancellationToken) =>
        await store.Find(notificationId, file.Hash, cancellationToken) is { } kept
            ? new FetchedFile(file.ContentType, packing.UnpackFile(kept.Hash, kept.Body))
            : null;

    /// <summary>Keeps a file, unless another worker was first.</summary>
    /// <returns>What is kept for the notification.</returns>
    public async Task<KeptFile> Keep(Guid notificationId, FileReference file, FetchedFile fetched, CancellationToken cancellationToken)
    {
        var hash = HashOf(fetched);
        await store.Keep(notificationId, packing.PackFile(hash, fetched.Octets.Span), cancellationToken);
        ContentPart[] parts =
        [
            new("type", fetched.ContentType),
            new("hash", $"{hash}"),
            new("octets", fetched.Octets.Length.ToString(CultureInfo.InvariantCulture)),
        ];
        var named = new FrozenContent(Kind, Template: null, packing.HashOf(parts), parts);
        await store.Keep(notificationId, packing.Pack(new FrozenContents(NameOf(notificationId, file), [named])), cancellationToken);
        return await Find(notificationId, file, cancellationToken) ?? new KeptFile(fetched.ContentType, hash, fetched.Octets.Length);
    }

    /// <summary>The names under which something is kept that was fetched for a notification.</summary>
    public async Task<IReadOnlyList<Guid>> NamesOf(
        Guid notificationId,
        IEnumerable<FileReference> files,
        CancellationToken cancellationToken
    )
    {
        var names = new List<Guid>();
        foreach (var file in files)
        {
            if (await Find(notificationId, file, cancellationToken) is { } kept)
                names.AddRange([NameOf(notificationId, file), kept.Hash]);
        }

        return names;
    }

    /// <summary>True when these octets are what is kept.</summary>
    public bool IsOf(KeptFile file, FetchedFile fetched) => file.Hash == HashOf(fetched);

    // Not the hash over a text that says the same: nobody can have a file taken for a text, or the other way round.
    Guid HashOf(FetchedFile fetched) => packing.HashOf([new ContentPart(Kind, Convert.ToHexString(SHA256.HashData(fetched.Octets.Span)))]);

    static Guid NameOf(Guid notificationId, FileReference file) =>
        DeterministicId.From("file", $"{notificationId:N}", file.Url, file.Name, file.ContentType ?? "");
}

/// <summary>A file that was fetched for a notification.</summary>
/// <param name="ContentType">Its type.</param>
/// <param name="Hash">The name its octets are kept under.</param>
/// <param name="Octets">How many it has.</param>
public sealed record KeptFile(string ContentType, Guid Hash, int Octets);
