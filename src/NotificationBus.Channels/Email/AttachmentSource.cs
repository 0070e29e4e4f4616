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
    public string? Refuse(string url) => AddressGuard.Refuse(url, _options.AllowPrivateAddresses);

    /// <inheritdoc />
    public async Task<FileAnswer> Fetch(FileReference file, int room, CancellationToken cancellationToken)
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

    static async Task<FileAnswer> Read(FileReference file, HttpResponseMessage response, int room, CancellationToken cancellationToken)
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
        if (response.Content.Headers.ContentLength > room)
            return TooLarge(room);

        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        using var octets = new MemoryStream();
        var buffer = new byte[64 * 1024];
        while (await body.ReadAsync(buffer, cancellationToken) is > 0 and var read)
        {
            if (octets.Length + read > room)
                return TooLarge(room);

            octets.Write(buffer, 0, read);
        }

        var type = answered is not null && EmailExtrasRules.IsType(answered) ? answered.ToLowerInvariant() : EmailExtrasRules.Unknown;
        return octets.Length == 0 ? new FileAnswer.Refused("it is empty") : new FileAnswer.Fetched(new FetchedFile(type, octets.ToArray()));
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
