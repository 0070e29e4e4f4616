using Microsoft.Extensions.Options;
using NotificationBus.Channels.Http;
using NotificationBus.Contents;
using NotificationBus.Model;

namespace NotificationBus.Channels.Email;

/// <summary>
/// Fetches attachments from URLs that producers set. Redirects are not followed, and what counts is the address that is connected to
/// (<see cref="AddressGuard"/>). What is answered is untrusted: it ends after so many octets and so much time, and is unpacked by nobody.
/// </summary>
public sealed class AttachmentSource : IFileSource, IDisposable
{
    static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(1);

    // Small enough not to be collected as what is large.
    const int PieceLength = 64 * 1024;

    readonly AttachmentsOptions _options;
    readonly TimeProvider _clock;
    readonly HttpClient _client;

    /// <summary>Opens no connection yet.</summary>
    /// <param name="options">What may be fetched.</param>
    /// <param name="clock">Ends what takes too long.</param>
    public AttachmentSource(IOptions<AttachmentsOptions> options, TimeProvider clock)
        : this(options.Value, clock, new AddressGuard()) { }

    internal AttachmentSource(AttachmentsOptions options, TimeProvider clock, AddressGuard guard)
    {
        (_options, _clock) = (options, clock);
        var handler = OutsideHandler.New(ConnectionLifetime);
        handler.MaxResponseHeadersLength = 32;
        handler.ConnectCallback = guard.Allowing(options.AllowPrivateAddresses).Connect;
        _client = new HttpClient(handler)
        {
            Timeout = Timeout.InfiniteTimeSpan, // Ours is below.
            DefaultRequestHeaders = { { "User-Agent", "NotificationBus" }, { "Accept-Encoding", "identity" } },
        };
    }

    /// <inheritdoc />
    public int MostOctets => _options.MaxBytes;

    /// <inheritdoc />
    public string? Refuse(string url) =>
        AddressGuard.RefuseUnless(url, _options.AllowPrivateAddresses, "Attachments:AllowPrivateAddresses");

    /// <inheritdoc />
    public async Task<FileAnswer> Fetch(FileReference file, FileRoom room, CancellationToken cancellationToken)
    {
        // A setting may have changed since it was asked for.
        if (Refuse(file.Url) is { } wrong)
            return new FileAnswer.Refused(wrong);

        using var limit = new CancellationTokenSource(_options.Timeout, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            using var response = await _client.GetAsync(new Uri(file.Url), HttpCompletionOption.ResponseHeadersRead, either.Token);
            return await Read(file, response, room, either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new FileAnswer.NotNow($"it was not there within {_options.Timeout}");
        }
        catch (Exception broken) when (broken is HttpRequestException or IOException)
        {
            return RefusalIn(broken) is { } refused
                ? new FileAnswer.Refused(refused.Message)
                : new FileAnswer.NotNow($"its server could not be reached, or hung up ({broken.GetType().Name})");
        }
    }

    /// <inheritdoc />
    public void Dispose() => _client.Dispose();

    static async Task<FileAnswer> Read(FileReference file, HttpResponseMessage response, FileRoom room, CancellationToken cancellationToken)
    {
        var status = (int)response.StatusCode;
        switch (status)
        {
            case 200:
                break;
            case >= 300 and < 400:
                return new FileAnswer.Refused($"its server answered {status}: redirects are not followed");
            case 408 or 425 or 429 or >= 500:
                return new FileAnswer.NotNow($"its server answered {status}");
            default:
                return new FileAnswer.Refused($"its server answered {status}");
        }

        var answered = response.Content.Headers.ContentType?.MediaType;
        if (file.ContentType is { } wanted && !wanted.Equals(answered, StringComparison.OrdinalIgnoreCase))
            return new FileAnswer.Refused("it has another type than contentType says");
        if (response.Content.Headers.ContentEncoding.Count > 0)
            return new FileAnswer.Refused("its server sent it packed, which nobody asked for");
        if (response.Content.Headers.ContentLength > room.Left)
            return TooLarge(room.Left);

        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        var (octets, refused) = await ReadBody(body, room, cancellationToken);
        var type = answered is not null && EmailExtrasRules.IsType(answered) ? answered.ToLowerInvariant() : EmailExtrasRules.Unknown;
        return refused
            ?? (octets.Length == 0 ? new FileAnswer.Refused("it is empty") : new FileAnswer.Fetched(new FetchedFile(type, octets)));
    }

    // Room is taken for what has arrived, whatever was said of its length: who says much and sends little holds little.
    static async Task<(byte[] Octets, FileAnswer? Refused)> ReadBody(Stream body, FileRoom room, CancellationToken cancellationToken)
    {
        var (pieces, length, isWhole) = (new List<(byte[] Octets, int Length)>(), 0, false);
        try
        {
            while (true)
            {
                var piece = new byte[PieceLength];
                var read = await body.ReadAtLeastAsync(piece, piece.Length, throwOnEndOfStream: false, cancellationToken);
                if (read > room.Left)
                    return ([], TooLarge(room.Left + length));
                if (!room.TryTake(read))
                    return ([], new FileAnswer.NoRoom());

                length += read;
                pieces.Add((piece, read));
                if (read < piece.Length)
                    break;
            }

            isWhole = true;
        }
        finally
        {
            if (!isWhole)
                room.GiveBack(length);
        }

        var (octets, at) = (new byte[length], 0);
        foreach (var (piece, read) in pieces)
        {
            piece.AsSpan(0, read).CopyTo(octets.AsSpan(at));
            at += read;
        }

        return (octets, null);
    }

    static FileAnswer.Refused TooLarge(int room) => new($"it is larger than the {room} octets that are left of Attachments:MaxBytes");

    static AddressRefusedException? RefusalIn(Exception broken)
    {
        for (Exception? cause = broken; cause is not null; cause = cause.InnerException)
        {
            if (cause is AddressRefusedException refused)
                return refused;
        }

        return null;
    }
}
