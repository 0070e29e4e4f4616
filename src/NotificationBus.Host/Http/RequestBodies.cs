using System.Buffers;
using System.Threading.RateLimiting;

using Microsoft.AspNetCore.Http.Features;

namespace NotificationBus.Host.Http;

/// <summary>
/// Reads bodies whole, into memory that is given back. However many callers send, and however slowly: small bodies cost what the
/// server has buffered anyway, few large ones are read at the same time, and none is waited for longer than ten seconds.
/// </summary>
sealed class RequestBodies(TimeProvider clock) : IDisposable
{
    /// <summary>How many large bodies are read at the same time.</summary>
    public const int LargeAtOnce = 32;

    /// <summary>What is larger needs a place.</summary>
    public const int Small = 64 * 1024;

    /// <summary>How long a whole body may take.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    // One more is told to come again: whoever waits in line waits with an open connection.
    const int LongestLine = 128;

    const int Usual = 4 * 1024;

    readonly ConcurrencyLimiter _places = new(new ConcurrencyLimiterOptions { PermitLimit = LargeAtOnce, QueueLimit = LongestLine, QueueProcessingOrder = QueueProcessingOrder.OldestFirst });

    /// <summary>How many large bodies are being read.</summary>
    public int LargeNow => LargeAtOnce - (int)_places.GetStatistics()!.CurrentAvailablePermits;

    /// <summary>Reads a body to its end.</summary>
    /// <param name="request">The request.</param>
    /// <param name="longest">The most bytes it may have.</param>
    /// <exception cref="BadHttpRequestException">It is longer (413), too slow (408), too many are being read (429), or it is cut off or framed wrongly (400).</exception>
    public async Task<Body> Read(HttpRequest request, long longest)
    {
        var context = request.HttpContext;
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = longest;

        // What a caller announces is not had before it comes.
        var body = new Body((int)Math.Min(request.ContentLength ?? Usual, Usual) + 1);
        using var patience = new CancellationTokenSource(Patience, clock);
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, patience.Token);
        try
        {
            while (await Read(request.Body, body.Rest, leave.Token) is var read and > 0)
            {
                body.Advance(read);
                if (body.Length == request.ContentLength)
                    break;

                if (body.Length > Small && body.Place is null)
                {
                    body.Place = await TakePlace(leave.Token);
                    body.Reserve((int)Math.Min(request.ContentLength ?? 0, longest));
                }

                body.MakeRoom();
            }

            return body;
        }
        catch (OperationCanceledException late) when (patience.IsCancellationRequested && !context.RequestAborted.IsCancellationRequested)
        {
            body.Dispose();
            // The rest is not waited for either.
            context.Response.Headers.Connection = "close";
            throw new BadHttpRequestException("The body took too long.", StatusCodes.Status408RequestTimeout, late);
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    public void Dispose() => _places.Dispose();

    static async ValueTask<int> Read(Stream stream, Memory<byte> rest, CancellationToken cancellationToken)
    {
        try
        {
            return await stream.ReadAsync(rest, cancellationToken);
        }
        catch (Exception exception) when (exception is not (BadHttpRequestException or OperationCanceledException))
        {
            // Nothing but the caller's own framing is between the stream and us: a chunk size that is no number, a connection that is gone.
            throw new BadHttpRequestException("The body is framed wrongly or cut off.", StatusCodes.Status400BadRequest, exception);
        }
    }

    async ValueTask<RateLimitLease> TakePlace(CancellationToken cancellationToken)
    {
        var place = await _places.AcquireAsync(1, cancellationToken);
        if (place.IsAcquired)
            return place;

        place.Dispose();
        throw new BadHttpRequestException("Too many large bodies are being read.", StatusCodes.Status429TooManyRequests);
    }

    /// <summary>A body that was read. Its bytes are somebody else's once it is disposed.</summary>
    internal sealed class Body(int size) : IDisposable
    {
        byte[] _bytes = ArrayPool<byte>.Shared.Rent(size);

        public int Length { get; private set; }

        public ReadOnlyMemory<byte> Memory => _bytes.AsMemory(0, Length);

        internal Memory<byte> Rest => _bytes.AsMemory(Length);

        internal RateLimitLease? Place { get; set; }

        internal void Advance(int read) => Length += read;

        internal void MakeRoom()
        {
            if (Length == _bytes.Length)
                Reserve(_bytes.Length * 2);
        }

        internal void Reserve(int size)
        {
            if (size <= _bytes.Length)
                return;

            var larger = ArrayPool<byte>.Shared.Rent(size);
            Memory.CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = larger;
        }

        public void Dispose()
        {
            Place?.Dispose();
            Place = null;
            if (_bytes.Length > 0)
                ArrayPool<byte>.Shared.Return(_bytes);
            (_bytes, Length) = ([], 0);
        }
    }
}
